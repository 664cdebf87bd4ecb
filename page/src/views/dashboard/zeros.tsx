import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";

/** How many fees earned nothing, and why; each reason leads to its lines. */
export function Zeros({ data }: { data: Schemas["DashboardSummary"] }) {
  const { t } = useWords();
  if (data.zeros.length === 0) return null;
  const sorted = [...data.zeros].sort((a, b) => b.feeCount - a.feeCount);
  return (
    <Card title={t.dashboard.zeros} help={t.dashboard.zerosHelp}>
      <ul className="zeros">
        {sorted.map((zero) => (
          <li key={zero.reason}>
            <Link className="zeros-link" href={linesOf(zero.reason, data)}>
              <span>{t.zeroReasons[zero.reason as Schemas["ZeroReason"]]}</span>
              <span className="zeros-count">
                {t.dashboard.feeCount({ count: zero.feeCount })}
                <Icon name="right" />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** The lines of one reason in a range. */
export function linesOf(reason: string, { from, to }: { from: string; to: string }): string {
  return `/earnings?${new URLSearchParams({ reason, from, to })}`;
}
