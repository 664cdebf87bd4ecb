import type { Schemas } from "../../api/client";
import { forGeometry } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { useWords } from "../../text";
import { earned, type Spark } from "./figures";

const HEIGHT = 32;
const BAR = 8;
const GAP = 2;

/**
 * The days as lengths, the last one marked. Each day's tooltip has its figure and that of the day it
 * is compared with; the text for screen readers has both sums.
 */
export function Sparkline({ days, before }: Spark) {
  const { f } = useWords();
  const values = days.map((day) => Math.max(0, forGeometry(day.commissionUsd)));
  const most = Math.max(...values, Number.MIN_VALUE);
  const width = Math.max(1, values.length * (BAR + GAP) - GAP);
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={[days, before].flatMap((it) => sumOf(it, f)).join(" · ")}
    >
      {days.map((day, index) => {
        const height = Math.max(1, ((values[index] ?? 0) / most) * HEIGHT);
        const x = index * (BAR + GAP);
        return (
          <g key={day.day}>
            <title>
              {[day, before[index]].flatMap((it) => (it ? dayOf(it, f) : [])).join("\n")}
            </title>
            <rect className="spark-place" x={x} width={BAR + GAP} height={HEIGHT} />
            <rect
              className={index === days.length - 1 ? "spark-last" : "spark-bar"}
              x={x}
              y={HEIGHT - height}
              width={BAR}
              height={height}
            />
          </g>
        );
      })}
    </svg>
  );
}

function dayOf({ day, commissionUsd }: Schemas["DayFigures"], f: Formats): string {
  return `${f.shortDay(day)}: ${f.usd(commissionUsd)}`;
}

/** The sum of the days, or nothing where there are none. */
function sumOf(days: Spark["days"], f: Formats): string[] {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return [];
  return [`${f.days({ from: first.day, to: last.day })}: ${f.usd(earned(days))}`];
}

/** How two parts share a whole. */
export function ShareBar({ share }: { share: number }) {
  return (
    <svg
      className="spark"
      viewBox={`0 0 100 ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="spark-bar" x="0" y={HEIGHT - 8} width="100" height="8" />
      <rect className="spark-last" x="0" y={HEIGHT - 8} width={100 * share} height="8" />
    </svg>
  );
}
