import { Link } from "wouter";
import { sum } from "../../format/decimal";
import { useWords } from "../../text";
import { Amount, Usd } from "../../ui/money";
import type { ChartProps } from "./chart";
import { addressOf, isCount, nameOf, type Point, totalOf } from "./points";

interface Props extends ChartProps {
  active: number | null;
}

/** The figures of the day that is pointed at, above the chart, where they cover nothing. */
export function Readout({ points, before, metric, shown, active }: Props) {
  const { t, f } = useWords();
  const point = active === null ? undefined : points[active];
  const earlier = active === null ? undefined : before[active];
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return null;
  const figure = (text: string) =>
    isCount(metric) ? <Amount value={text} /> : <Usd value={text} short={metric === "volume"} />;
  const of = (name: string) =>
    point ? (point.values[name] ?? "0") : sum(points.map((it) => it.values[name] ?? "0"));
  const total = point ? totalOf(point, shown) : sum(points.map((it) => totalOf(it, shown)));
  // Whoever was active on several days would be counted several times.
  if (!point && metric === "active") return <p className="readout help">{t.dashboard.chartHint}</p>;
  return (
    <div className="readout">
      <p className="readout-title">
        {point ? titleOf(point, t, f) : f.days({ from: first.day, to: last.day })}
        {point && !point.final && <span className="badge">{t.dashboard.notFinalDay}</span>}
        {point && (
          <Link className="link" href={addressOf(point)}>
            {t.dashboard.openDay}
          </Link>
        )}
      </p>
      <dl>
        {metric === "commission" && (
          <div className="readout-total">
            <dt>{t.dashboard.total}</dt>
            <dd>{figure(total)}</dd>
          </div>
        )}
        {shown.map((name) => (
          <div className={`series-${name}`} key={name}>
            <dt>
              <span className="legend-mark" />
              {nameOf(name, t)}
            </dt>
            <dd>{figure(of(name))}</dd>
          </div>
        ))}
        {earlier && (
          <div className="series-before">
            <dt>
              <span className="legend-mark legend-line" />
              {t.dashboard.beforeOn({
                // Weeks are of long ranges, which begin in another year.
                day: earlier.weekly ? f.day(earlier.day) : f.shortDay(earlier.day),
              })}
            </dt>
            <dd>{figure(totalOf(earlier, shown))}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}

function titleOf(
  point: Point,
  t: ReturnType<typeof useWords>["t"],
  f: ReturnType<typeof useWords>["f"],
) {
  return point.weekly ? t.dashboard.weekOf({ day: f.day(point.day) }) : f.day(point.day);
}
