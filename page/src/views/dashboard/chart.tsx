import {
  BarController,
  BarElement,
  CategoryScale,
  type ChartConfiguration,
  type ChartDataset,
  Chart as ChartJs,
  LinearScale,
  LineController,
  LineElement,
  type Plugin,
  PointElement,
} from "chart.js";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { forGeometry } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { type Texts, useWords } from "../../text";
import { useShownTheme } from "../../ui/theme";
import { addressOf, isCount, type Metric, nameOf, type Point, totalOf } from "./points";
import { Readout } from "./readout";

ChartJs.register(
  BarController,
  BarElement,
  CategoryScale,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
);

export interface ChartProps {
  points: Point[];
  /** Those of the period before, by the same places; none where it is not compared. */
  before: Point[];
  metric: Metric;
  shown: readonly string[];
}

type Mixed = "bar" | "line";

/** A bar that is narrower than this, in pixels, has no room for its count. */
const LABEL_WIDTH = 16;

/** A colour of the style sheet, as the theme has it. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A size of text of the style sheet, in pixels. */
function textSize(name: string): number {
  const root = getComputedStyle(document.documentElement);
  return Number.parseFloat(root.getPropertyValue(`--${name}`)) * Number.parseFloat(root.fontSize);
}

/** Writes each count above its bar, where there is room. */
function countLabels(f: Formats): Plugin<Mixed> {
  return {
    id: "counts",
    afterDatasetsDraw: (chart) => {
      const bars = chart.getDatasetMeta(0);
      const { ctx } = chart;
      ctx.save();
      ctx.fillStyle = colour("text-soft");
      ctx.font = `${textSize("type-tab")}px ${getComputedStyle(document.body).fontFamily}`;
      ctx.textAlign = "center";
      bars.data.forEach((bar, index) => {
        const { width } = bar.getProps(["width"] as never) as unknown as { width: number };
        const value = Number(chart.data.datasets[0]?.data[index] ?? 0);
        if (width >= LABEL_WIDTH && value > 0) ctx.fillText(f.count(value), bar.x, bar.y - 5);
      });
      ctx.restore();
    },
  };
}

function barsOf({ points, shown }: ChartProps): ChartDataset<Mixed>[] {
  return shown.map((name) => ({
    type: "bar",
    order: 1,
    data: points.map((point) => forGeometry(point.values[name] ?? "0")),
    backgroundColor: points.map((point) => colour(`series-${name}${point.final ? "" : "-open"}`)),
    borderRadius: 2,
    maxBarThickness: 36,
    categoryPercentage: 0.8,
    barPercentage: 0.9,
  }));
}

function lineOf({ before, shown }: ChartProps): ChartDataset<Mixed>[] {
  if (before.length === 0) return [];
  return [
    {
      type: "line",
      order: 0,
      stack: "before",
      data: before.map((point) => forGeometry(totalOf(point, shown))),
      borderColor: colour("series-before"),
      borderDash: [4, 4],
      borderWidth: 1.5,
      pointRadius: 0,
    },
  ];
}

/** Chart.js draws lengths; they are made of floats, which nobody reads as figures. */
function configuration(props: ChartProps, f: Formats): ChartConfiguration<Mixed> {
  const { points, metric } = props;
  const counts = isCount(metric);
  const tick = {
    color: colour("text-soft"),
    font: { family: "inherit", size: textSize("type-tiny") },
  };
  return {
    type: "bar",
    data: {
      labels: points.map((point) => f.shortDay(point.day)),
      datasets: [...barsOf(props), ...lineOf(props)],
    },
    plugins: counts ? [countLabels(f)] : [],
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: { top: 18 } },
      scales: {
        x: {
          stacked: true,
          grid: { display: false },
          border: { color: colour("line") },
          ticks: { ...tick, maxRotation: 0, autoSkipPadding: 16 },
        },
        y: {
          stacked: true,
          beginAtZero: true,
          border: { display: false },
          grid: { color: colour("line-soft") },
          ticks: {
            ...tick,
            maxTicksLimit: 6,
            ...(counts && { precision: 0 }),
            callback: (value) => (counts ? f.count(Number(value)) : f.usdShort(Number(value))),
          },
        },
      },
    },
  };
}

/** Bars that are read by the pointer, or by the arrow keys of a slider over them. */
export default function Chart(props: ChartProps) {
  const { points, before, metric, shown } = props;
  const { t, f } = useWords();
  const theme = useShownTheme();
  const [, navigate] = useLocation();
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<ChartJs<Mixed>>(null);
  const [active, setActive] = useState<number | null>(null);
  const [marker, setMarker] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours come from the theme's sheet
  useEffect(() => {
    if (!canvas.current) return;
    chart.current = new ChartJs(canvas.current, configuration(props, f));
    return () => chart.current?.destroy();
  }, [points.length, points[0]?.day, before.length, metric, shown.join(), f, theme]);

  const show = (index: number | null) => {
    setActive(index);
    const scale = chart.current?.scales["x"];
    if (index !== null && scale) setMarker(scale.getPixelForValue(index));
  };
  const indexAt = (event: React.PointerEvent<HTMLElement>) => {
    const scale = chart.current?.scales["x"];
    const box = event.currentTarget.getBoundingClientRect();
    const index = scale?.getValueForPixel(event.clientX - box.left) ?? null;
    return index !== null && index >= 0 && index < points.length ? index : null;
  };
  const openAt = (index: number | null) => {
    const point = index === null ? undefined : points[index];
    if (point) navigate(addressOf(point));
  };
  const last = points.length - 1;
  const described = points[active ?? last];
  return (
    <>
      <Readout {...props} active={active} />
      <div
        className="chart"
        // Time runs from left to right, as in every exchange's charts.
        dir="ltr"
        onPointerMove={(event) => show(indexAt(event))}
        onPointerDown={(event) => show(indexAt(event))}
        onPointerUp={(event) => {
          // A finger has to read a day before it can decide to open it: the readout has a link.
          if (event.pointerType === "mouse") openAt(indexAt(event));
        }}
        onPointerLeave={(event) => event.pointerType === "mouse" && show(null)}
      >
        <div className="chart-canvas" aria-hidden="true">
          <canvas ref={canvas} />
        </div>
        {active !== null && <span className="chart-marker" style={{ insetInlineStart: marker }} />}
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
          onKeyDown={(event) => event.key === "Enter" && openAt(active)}
        />
      </div>
    </>
  );
}

/** A point as a screen reader says it. */
function words(point: Point, { metric, shown }: ChartProps, t: Texts, f: Formats): string {
  const figure = (text: string) => (isCount(metric) ? f.amount(text) : f.usd(text));
  const parts = shown.map((name) => `${nameOf(name, t)} ${figure(point.values[name] ?? "0")}`);
  if (metric === "commission") {
    parts.unshift(`${t.dashboard.total} ${figure(totalOf(point, shown))}`);
  }
  if (!point.final) parts.push(t.dashboard.notFinalDay);
  const title = point.weekly ? t.dashboard.weekOf({ day: f.day(point.day) }) : f.day(point.day);
  return `${title}: ${parts.join(", ")}`;
}
