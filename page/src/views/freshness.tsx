import { lastDayBefore } from "../format/days";
import { useWords } from "../text";
import { Icon } from "../ui/icons";

interface Covered {
  dataAsOf: string | null;
  to: string;
  finalThrough: string | null;
}

/** Up to when figures are complete. It stays in sight wherever figures are. */
export function Freshness({ dataAsOf }: { dataAsOf: string | null | undefined }) {
  const { t, f } = useWords();
  if (dataAsOf === undefined) return <span className="freshness">{t.common.loading}</span>;
  if (dataAsOf === null) return <span className="freshness">{t.freshness.never}</span>;
  return (
    <span className="freshness" data-testid="as-of">
      <Icon name="clock" />
      <span>
        <b>{t.freshness.asOf({ day: f.day(lastDayBefore(dataAsOf)) })}</b> · {t.freshness.utc}
      </span>
    </span>
  );
}

/** Says so where a range holds days that are not final. */
export function NotFinal({ covered }: { covered: Covered }) {
  const { t, f } = useWords();
  const { finalThrough, to } = covered;
  if (finalThrough !== null && finalThrough >= to) return null;
  return (
    <p className="notice" role="status">
      <Icon name="info" />
      {finalThrough === null
        ? t.freshness.noneFinal
        : t.freshness.notFinal({ day: f.day(finalThrough) })}
    </p>
  );
}
