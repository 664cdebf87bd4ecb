import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Card } from "../../ui/card";

/** How many fees earned nothing, and why, in plain words. */
export function Zeros({ zeros }: { zeros: Schemas["ZeroedFees"][] }) {
  const { t, f } = useWords();
  if (zeros.length === 0) return null;
  const sorted = [...zeros].sort((a, b) => b.feeCount - a.feeCount);
  return (
    <Card title={t.dashboard.zeros} help={t.dashboard.zerosHelp}>
      <ul className="zeros">
        {sorted.map((zero) => (
          <li key={zero.reason}>
            <span>{t.zeroReasons[zero.reason as Schemas["ZeroReason"]]}</span>
            <span className="zeros-count">
              {t.dashboard.feeCount(f.count(zero.feeCount), zero.feeCount)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
