import { lazy, Suspense, useState } from "react";
import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Boundary } from "../../ui/boundary";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";
import { Amount, Usd } from "../../ui/money";
import { Segmented } from "../../ui/segmented";
import { Skeleton } from "../../ui/states";
import { TableScroll } from "../../ui/table";
import { METRICS, type Metric, nameOf, type Point, pointsOf, SERIES, totalOf } from "./points";

const Chart = lazy(() => import("./chart"));

/** The range day by day, as a chart or as a table. */
export function OverTime({ series }: { series: Schemas["DayFigures"][] }) {
  const { t } = useWords();
  const [metric, setMetric] = useState<Metric>("commission");
  const [hidden, setHidden] = useState<readonly string[]>([]);
  const [table, setTable] = useState(false);
  const points = pointsOf(series, metric);
  const shown = SERIES[metric].filter((name) => !hidden.includes(name));
  const toggle = (name: string) =>
    setHidden(hidden.includes(name) ? hidden.filter((it) => it !== name) : [...hidden, name]);
  const metrics = METRICS.map((value) => ({ value, text: t.dashboard.metrics[value] }));
  const help = points[0]?.weekly ? t.dashboard.byWeek : t.dashboard.byDay;
  return (
    <Card
      title={t.dashboard.overTime}
      help={help}
      aside={
        <Segmented
          label={t.dashboard.metric}
          value={metric}
          choices={metrics}
          onChange={setMetric}
        />
      }
    >
      {points.length === 0 ? (
        <p className="help">{t.dashboard.emptyText}</p>
      ) : table ? (
        <PointTable points={points} metric={metric} shown={shown} />
      ) : (
        // Without the chart's code, the same figures are there to be read.
        <Boundary texts={t} fallback={<PointTable points={points} metric={metric} shown={shown} />}>
          <Suspense fallback={<Skeleton tall lines={1} />}>
            <Chart points={points} metric={metric} shown={shown} />
          </Suspense>
        </Boundary>
      )}
      <div className="row row-between">
        <Legend metric={metric} shown={shown} toggle={toggle} />
        <button type="button" className="button button-small" onClick={() => setTable(!table)}>
          <Icon name={table ? "chart" : "lines"} />
          {table ? t.dashboard.asChart : t.dashboard.asTable}
        </button>
      </div>
    </Card>
  );
}

interface LegendProps {
  metric: Metric;
  shown: readonly string[];
  toggle: (name: string) => void;
}

function Legend({ metric, shown, toggle }: LegendProps) {
  const { t } = useWords();
  return (
    <fieldset className="legend">
      <legend className="hidden">{t.dashboard.legend}</legend>
      {SERIES[metric].map((name) => (
        <button
          type="button"
          className={`legend-item series-${name}`}
          key={name}
          aria-pressed={shown.includes(name)}
          onClick={() => toggle(name)}
        >
          <span className="legend-mark" />
          {nameOf(name, t)}
        </button>
      ))}
    </fieldset>
  );
}

interface PointTableProps {
  points: Point[];
  metric: Metric;
  shown: readonly string[];
}

/** The same figures for those who would rather read them. */
function PointTable({ points, metric, shown }: PointTableProps) {
  const { t, f } = useWords();
  const total = metric === "commission";
  const value = (text: string) =>
    metric === "activity" ? <Amount value={text} /> : <Usd value={text} short />;
  return (
    <TableScroll label={t.dashboard.overTime}>
      <table>
        <thead>
          <tr>
            <th>{t.dashboard.day}</th>
            {shown.map((name) => (
              <th className="number" key={name}>
                {nameOf(name, t)}
              </th>
            ))}
            {total && <th className="number">{t.dashboard.total}</th>}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.day}>
              <th scope="row">
                {point.weekly ? t.dashboard.weekOf(f.day(point.day)) : f.day(point.day)}
                {!point.final && <span className="badge">{t.dashboard.notFinalDay}</span>}
              </th>
              {shown.map((name) => (
                <td className="number" key={name}>
                  {value(point.values[name] ?? "0")}
                </td>
              ))}
              {total && <td className="number">{value(totalOf(point, shown))}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
