import {
  BarController,
  BarElement,
  CategoryScale,
  type ChartConfiguration,
  Chart as ChartJs,
  LinearScale,
} from "chart.js";
import { useEffect, useRef, useState } from "react";
import { forGeometry } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { type Texts, useWords } from "../../text";
import { Amount, Usd } from "../../ui/money";
import { useShownTheme } from "../../ui/theme";
import { type Metric, nameOf, type Point, totalOf } from "./points";

ChartJs.register(BarController, BarElement, CategoryScale, LinearScale);

interface Props {
  points: Point[];
  metric: Metric;
  shown: readonly string[];
}

/** A colour of the style sheet, as the theme has it. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Chart.js draws the bars; they are made of floats, which nobody reads as figures. */
function configuration({ points, metric, shown }: Props, f: Formats): ChartConfiguration<"bar"> {
  const stacked = metric === "commission";
  const datasets = shown.map((name) => ({
    data: points.map((point) => forGeometry(point.values[name] ?? "0")),
    backgroundColor: points.map((point) => colour(`series-${name}${point.final ? "" : "-open"}`)),
    borderRadius: 2,
    maxBarThickness: 36,
    categoryPercentage: 0.8,
    barPercentage: 0.9,
  }));
  const tick = { color: colour("text-soft"), font: { family: "inherit", size: 12 } };
  return {
    type: "bar",
    data: { labels: points.map((point) => f.shortDay(point.day)), datasets },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      scales: {
        x: {
          stacked,
          grid: { display: false },
          border: { color: colour("line") },
          ticks: { ...tick, maxRotation: 0, autoSkipPadding: 16 },
        },
        y: {
          stacked,
          beginAtZero: true,
          border: { display: false },
          grid: { color: colour("line-soft") },
          ticks: {
            ...tick,
            maxTicksLimit: 6,
            ...(metric === "activity" && { precision: 0 }),
            callback: (value) =>
              metric === "activity" ? f.count(Number(value)) : f.usdShort(Number(value)),
          },
        },
      },
    },
  };
}

/** Bars that are read by the pointer, or by the arrow keys of a slider over them. */
export default function Chart(props: Props) {
  const { points, metric, shown } = props;
  const { t, f } = useWords();
  const theme = useShownTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<ChartJs<"bar">>(null);
  const [active, setActive] = useState<number | null>(null);
  const [left, setLeft] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours come from the theme's sheet
  useEffect(() => {
    if (!canvas.current) return;
    chart.current = new ChartJs(canvas.current, configuration({ points, metric, shown }, f));
    return () => chart.current?.destroy();
  }, [points.length, points[0]?.day, metric, shown.join(), f, theme]);

  const show = (index: number | null) => {
    setActive(index);
    const scale = chart.current?.scales["x"];
    if (index !== null && scale) setLeft(scale.getPixelForValue(index));
  };
  const at = (event: React.PointerEvent<HTMLElement>) => {
    const scale = chart.current?.scales["x"];
    const box = event.currentTarget.getBoundingClientRect();
    const index = scale?.getValueForPixel(event.clientX - box.left) ?? null;
    show(index !== null && index >= 0 && index < points.length ? index : null);
  };
  const point = active === null ? undefined : points[active];
  const last = points.length - 1;
  const described = points[active ?? last];
  return (
    <div className="chart" onPointerMove={at} onPointerDown={at} onPointerLeave={() => show(null)}>
      <div className="chart-canvas" aria-hidden="true">
        <canvas ref={canvas} />
      </div>
      {point && <Marker left={left} />}
      <input
        className="chart-slider"
        type="range"
        min={0}
        max={last}
        value={active ?? last}
        aria-label={`${t.dashboard.overTime}. ${t.dashboard.chartHelp}`}
        aria-valuetext={described && words(described, props, t, f)}
        onChange={(event) => show(Number(event.target.value))}
        onFocus={() => show(active ?? last)}
        onBlur={() => show(null)}
      />
      {point && <Tooltip {...props} point={point} left={left} before={(active ?? 0) > last / 2} />}
    </div>
  );
}

function Marker({ left }: { left: number }) {
  return <span className="chart-marker" style={{ left }} />;
}

function titleOf(point: Point, t: Texts, f: Formats): string {
  return point.weekly ? t.dashboard.weekOf(f.day(point.day)) : f.day(point.day);
}

/** A point as a screen reader says it. */
function words(point: Point, { metric, shown }: Props, t: Texts, f: Formats): string {
  const figure = (text: string) => (metric === "activity" ? f.amount(text) : f.usd(text));
  const parts = shown.map((name) => `${nameOf(name, t)} ${figure(point.values[name] ?? "0")}`);
  if (metric === "commission") {
    parts.unshift(`${t.dashboard.total} ${figure(totalOf(point, shown))}`);
  }
  if (!point.final) parts.push(t.dashboard.notFinalDay);
  return `${titleOf(point, t, f)}: ${parts.join(", ")}`;
}

interface TooltipProps extends Props {
  point: Point;
  left: number;
  /** Whether it stands left of its point. */
  before: boolean;
}

function Tooltip({ point, left, before, metric, shown }: TooltipProps) {
  const { t, f } = useWords();
  const figure = (text: string) =>
    metric === "activity" ? <Amount value={text} /> : <Usd value={text} short />;
  return (
    <div
      className={`tooltip${before ? " tooltip-before" : ""}`}
      style={{ "--at": `${left}px` } as React.CSSProperties}
    >
      <p className="tooltip-title">
        {titleOf(point, t, f)}
        {!point.final && <span className="badge">{t.dashboard.notFinalDay}</span>}
      </p>
      <dl>
        {shown.map((name) => (
          <div className={`series-${name}`} key={name}>
            <dt>
              <span className="legend-mark" />
              {nameOf(name, t)}
            </dt>
            <dd>{figure(point.values[name] ?? "0")}</dd>
          </div>
        ))}
        {metric === "commission" && (
          <div className="tooltip-total">
            <dt>{t.dashboard.total}</dt>
            <dd>{figure(totalOf(point, shown))}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
