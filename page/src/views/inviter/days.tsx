import type { Schemas } from "../../api/client";
import { isZero, subtract, sum } from "../../format/decimal";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";
import { Usd } from "../../ui/money";

type Shared = Schemas["SharedEarnings"];
type SharedDay = Schemas["SharedDay"];

/** The days that are not folded. */
const NEWEST = 7;

/** What the user got back, by day; nothing where no day is known. */
export function SharedDays({ shared }: { shared: Shared }) {
  const { t, f } = useWords();
  const { days, usd } = shared;
  const oldest = days.at(-1);
  if (!oldest) return null;
  const folded = days.slice(NEWEST);
  const unlisted = subtract(usd, sum(days.map((day) => day.usd)));
  return (
    <Card title={t.inviter.byDay}>
      <div className="stack-wide">
        <Days label={t.inviter.byDay} days={days.slice(0, NEWEST)} />
        {folded.length > 0 && (
          <details className="requirements">
            <summary>
              <Icon name="right" />
              <span className="requirements-name">
                {t.inviter.moreDays({ count: folded.length })}
              </span>
            </summary>
            <div className="seen-folded">
              <Days label={t.inviter.moreDays({ count: folded.length })} days={folded} />
            </div>
          </details>
        )}
        {!isZero(unlisted) && (
          <p className="help">{t.inviter.olderDays({ day: f.day(oldest.day) })}</p>
        )}
      </div>
    </Card>
  );
}

function Days({ label, days }: { label: string; days: readonly SharedDay[] }) {
  const { t, f } = useWords();
  return (
    <table className="table-wrapped" aria-label={label}>
      <thead>
        <tr>
          <th>{t.inviter.day}</th>
          <th className="number">{t.inviter.usd}</th>
        </tr>
      </thead>
      <tbody>
        {days.map(({ day, usd }) => (
          <tr key={day}>
            <th scope="row">{f.day(day)}</th>
            <td className="number">
              <Usd value={usd} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
