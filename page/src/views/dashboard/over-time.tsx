import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Schemas } from "../../api/client";
import { covers } from "../../api/kept";
import { useDashboard } from "../../api/queries";
import { daysIn } from "../../format/days";
import { rangeBefore } from "../../format/range";
import { useWords } from "../../text";
import { Boundary } from "../../ui/boundary";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";
import { Amount, Usd } from "../../ui/money";
import { Segmented } from "../../ui/segmented";
import { type Column, DataTable } from "../../ui/table";
import { WhenSeen } from "../../ui/when-seen";
import type { ChartProps } from "./chart";
import {
  isCount,
  METRICS,
  type Metric,
  nameOf,
  type Point,
  pointsOf,
  SERIES,
  totalOf,
} from "./points";

const Chart = lazy(() => import("./chart"));

/** The range day by day, as a chart or as a table. */
export function OverTime({ data }: { data: Schemas["DashboardSummary"] }) {
  const { t } = useWords();
  const [metric, setMetric] = useState<Metric>("commission");
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [compares, setCompares] = useState(true);
  const [table, setTable] = useState(false);
  const points = pointsOf(data.series, metric);
  const isWeekly = points[0]?.weekly ?? false;
  const shown = SERIES[metric].filter((name) => !hidden.includes(name));
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((it) => it !== name) : [...hidden, name]);
  const metrics = METRICS.map((value) => ({ value, text: t.dashboard.metrics[value] }));
  const compared = { data, metric, compares };
  const chart = { points, metric, shown };
  return (
    <Card
      title={t.dashboard.overTime}
      help={isWeekly ? t.dashboard.byWeek : t.dashboard.byDay}
      aside={
        <Segmented
          label={t.dashboard.metric}
          value={metric}
          choices={metrics}
          onChange={setMetric}
        />
      }
    >
      {points.length === 0 && <p className="help">{t.dashboard.emptyText}</p>}
      {points.length > 0 && table && (
        <Compared {...compared}>{(before) => <PointTable {...chart} before={before} />}</Compared>
      )}
      {points.length > 0 && !table && (
        // Without the chart's code, the same figures are there to be read.
        <Boundary texts={t} fallback={<PointTable {...chart} before={[]} />}>
          <WhenSeen place={<div className="chart-place" />}>
            <Suspense fallback={<div className="chart-place" />}>
              <Compared {...compared}>{(before) => <Chart {...chart} before={before} />}</Compared>
            </Suspense>
          </WhenSeen>
        </Boundary>
      )}
      <div className="row row-between">
        <fieldset className="legend">
          <legend className="hidden">{t.dashboard.legend}</legend>
          {SERIES[metric].length > 1 &&
            SERIES[metric].map((name) => (
              <Mark key={name} name={name} shown={shown.includes(name)} toggle={toggle} />
            ))}
          <Mark name="before" shown={compares} toggle={() => setCompares(!compares)} />
        </fieldset>
        <button
          type="button"
          className="button button-small no-print"
          onClick={() => setTable(!table)}
        >
          <Icon name={table ? "chart" : "lines"} />
          {table ? t.dashboard.asChart : t.dashboard.asTable}
        </button>
      </div>
    </Card>
  );
}

interface ComparedProps {
  data: Schemas["DashboardSummary"];
  metric: Metric;
  compares: boolean;
  children: (before: Point[]) => ReactNode;
}

/** Asks for the points of the period before, once they are needed. */
function Compared({ data, metric, compares, children }: ComparedProps) {
  const days = rangeBefore(data);
  const found = useDashboard(compares ? days : undefined).data;
  const isThat = compares && found !== undefined && covers(found, days);
  return children(isThat ? pointsOf(found.series, metric, daysIn(data.from, data.to)) : []);
}

interface MarkProps {
  name: string;
  shown: boolean;
  toggle: (name: string) => void;
}

/** A series in the legend, which shows and hides it. */
function Mark({ name, shown, toggle }: MarkProps) {
  const { t } = useWords();
  return (
    <button
      type="button"
      className={`legend-item series-${name}`}
      aria-pressed={shown}
      onClick={() => toggle(name)}
    >
      <span className={`legend-mark${name === "before" ? " legend-line" : ""}`} />
      {nameOf(name, t)}
    </button>
  );
}

/** The same figures for those who would rather read them. */
function PointTable({ points, before, metric, shown }: ChartProps) {
  const { t, f } = useWords();
  const hasTotal = metric === "commission";
  const value = (text: string) =>
    isCount(metric) ? <Amount value={text} /> : <Usd value={text} short={metric === "volume"} />;
  const columns: Column<Point>[] = [
    {
      key: "day",
      head: t.dashboard.day,
      isRowHead: true,
      card: "title",
      cell: (point) => (
        <>
          {point.weekly ? t.dashboard.weekOf({ day: f.day(point.day) }) : f.day(point.day)}{" "}
          {!point.final && <span className="badge">{t.dashboard.notFinalDay}</span>}
        </>
      ),
    },
    ...shown.map(
      (name): Column<Point> => ({
        key: name,
        head: nameOf(name, t),
        isNumber: true,
        card: hasTotal ? "fact" : "figure",
        cell: (point) => value(point.values[name] ?? "0"),
      }),
    ),
  ];
  if (hasTotal) {
    columns.push({
      key: "total",
      head: t.dashboard.total,
      isNumber: true,
      card: "figure",
      cell: (point) => value(totalOf(point, shown)),
    });
  }
  if (before.length > 0) {
    const earlier = new Map(points.map(({ day }, index) => [day, before[index]]));
    columns.push({
      key: "before",
      head: t.dashboard.before,
      isNumber: true,
      cell: ({ day }) => {
        const point = earlier.get(day);
        return point ? value(totalOf(point, shown)) : t.common.none;
      },
    });
  }
  return (
    <DataTable
      label={t.dashboard.overTime}
      columns={columns}
      rows={points}
      keyOf={(point) => point.day}
    />
  );
}
