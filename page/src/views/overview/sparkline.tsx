import type { Schemas } from "../../api/client";
import { forGeometry } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { useWords } from "../../text";
import { earned, type Period, type Spark } from "./figures";

const HEIGHT = 32;
const BAR = 8;
const GAP = 2;
/** Fewer bars than these stand apart, instead of being as wide as blocks. */
const SLOTS = 12;

interface Bar {
  key: string;
  value: string;
  /** Its tooltip. */
  title: string;
}

/**
 * The days as lengths, the last one marked. Each day's tooltip has its figure and that of the day it
 * is compared with; the text for screen readers has both sums.
 */
export function Sparkline({ days, before }: Spark) {
  const { f } = useWords();
  const bars = days.map((day, index) => ({
    key: day.day,
    value: day.commissionUsd,
    title: [day, before[index]].flatMap((it) => (it ? dayOf(it, f) : [])).join("\n"),
  }));
  return <Bars bars={bars} label={[days, before].flatMap((it) => sumOf(it, f)).join(" · ")} />;
}

/** What is pending, or paid, of the earnings of some periods, the last one marked. */
export function PeriodBars({ periods, of }: { periods: Period[]; of: "pending" | "paid" }) {
  const { f } = useWords();
  const bars = periods.map((period) => ({
    key: period.from,
    value: period[of],
    title: `${f.days(period)}: ${f.usd(period[of])}`,
  }));
  return <Bars bars={bars} label={bars.map((bar) => bar.title).join(" · ")} />;
}

function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const values = bars.map((bar) => Math.max(0, forGeometry(bar.value)));
  const most = Math.max(...values, Number.MIN_VALUE);
  const width = Math.max(values.length, SLOTS) * (BAR + GAP) - GAP;
  const slot = (width + GAP) / Math.max(1, values.length);
  const barWidth = Math.min(slot - GAP, 2 * BAR);
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bars.map((bar, index) => {
        const height = Math.max(1, ((values[index] ?? 0) / most) * HEIGHT);
        const x = index * slot;
        return (
          <g key={bar.key}>
            <title>{bar.title}</title>
            <rect className="spark-place" x={x} width={slot} height={HEIGHT} />
            <rect
              className={index === bars.length - 1 ? "spark-last" : "spark-bar"}
              x={x}
              y={HEIGHT - height}
              width={barWidth}
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
