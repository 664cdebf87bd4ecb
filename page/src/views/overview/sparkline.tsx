import type { Schemas } from "../../api/client";
import { forGeometry } from "../../format/decimal";

const HEIGHT = 32;
const BAR = 8;
const GAP = 2;

/** The days as lengths, the last one marked. The figures are beside it, and in the chart. */
export function Sparkline({ days }: { days: readonly Schemas["DayFigures"][] }) {
  const values = days.map((day) => Math.max(0, forGeometry(day.commissionUsd)));
  const most = Math.max(...values, Number.MIN_VALUE);
  const width = Math.max(1, values.length * (BAR + GAP) - GAP);
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {days.map((day, index) => {
        const height = Math.max(1, ((values[index] ?? 0) / most) * HEIGHT);
        return (
          <rect
            key={day.day}
            className={index === days.length - 1 ? "spark-last" : "spark-bar"}
            x={index * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
          />
        );
      })}
    </svg>
  );
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
