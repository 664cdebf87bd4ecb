import { useSearchParams } from "wouter";
import type { Schemas } from "../../api/client";
import { useKept } from "../../api/kept";
import { type LineFilter, type LineOrder, useLines } from "../../api/queries";
import { useWords } from "../../text";
import { Usd } from "../../ui/money";
import { Failed, Skeleton, State } from "../../ui/states";
import { ExportMenu } from "../export-menu";
import { Freshness, NotFinal } from "../freshness";
import { RangePicker } from "../range-picker";
import { StillShowing } from "../still-showing";
import { useRange } from "../use-range";
import { filterOf, orderOf } from "./filter";
import { Filters } from "./filters";
import { LineTable } from "./table";

/** The booked lines behind every figure. */
export default function Lines() {
  const { t } = useWords();
  const chosen = useRange();
  const [query, setQuery] = useSearchParams();
  const filter = filterOf(query);
  const order = orderOf(query);
  const lines = useLines(chosen.days, filter, order);
  const { data, isOlder } = useKept(lines);
  const first = data?.pages[0];
  const set = (name: keyof LineFilter | "sort", value: string) =>
    setQuery((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const failed = lines.isError ? lines : chosen.failed;
  const retry = () => failed?.refetch();
  return (
    <>
      <div className="view-head view-head-sticky">
        <h1>{t.lines.title}</h1>
        {(first || !failed) && <Freshness dataAsOf={first?.dataAsOf} />}
      </div>
      <p className="lead">{t.lines.lead}</p>
      <div className="toolbar">
        <RangePicker {...chosen} />
        <ExportMenu days={chosen.days} filter={filter} />
      </div>
      <Filters filter={filter} change={set} />
      {failed && !first && <Failed error={failed.error} retry={retry} />}
      {failed && first && (
        <StillShowing error={failed.error} wanted={chosen.days} shown={first} retry={retry} />
      )}
      {!first && !failed && <Skeleton tall lines={8} />}
      {data && first && (
        <>
          <NotFinal covered={first} />
          <Found
            pages={data.pages}
            lines={lines}
            isOlder={isOlder && !failed}
            order={order}
            onOrder={(next) => set("sort", next === "day" ? next : "")}
          />
        </>
      )}
    </>
  );
}

interface FoundProps {
  pages: Schemas["LinePage"][];
  lines: ReturnType<typeof useLines>;
  isOlder: boolean;
  order: LineOrder;
  onOrder: (order: LineOrder) => void;
}

function Found({ pages, lines, isOlder, order, onOrder }: FoundProps) {
  const { t } = useWords();
  const found = pages.flatMap((page) => page.lines);
  if (found.length === 0 && !lines.hasNextPage) {
    return (
      <section className="card">
        <State icon="lines" title={t.lines.none}>
          {t.lines.noneText}
        </State>
      </section>
    );
  }
  return (
    <section className="card" aria-label={t.lines.title} aria-busy={isOlder}>
      <Total page={pages[0]} />
      <LineTable lines={found} order={order} onOrder={onOrder} />
      <div className="row row-center">
        {lines.hasNextPage ? (
          <button
            type="button"
            className="button"
            disabled={lines.isFetchingNextPage}
            onClick={() => lines.fetchNextPage()}
          >
            {lines.isFetchingNextPage ? t.common.loading : t.lines.loadMore}
          </button>
        ) : (
          <span className="help">{t.lines.allShown({ count: found.length })}</span>
        )}
      </div>
    </section>
  );
}

/** The server's total of all lines that fit, however many of them are loaded. */
function Total({ page }: { page: Schemas["LinePage"] | undefined }) {
  const { t, f } = useWords();
  if (!page) return null;
  if (page.totals === null) return <p className="help sum">{t.lines.noTotal}</p>;
  const { usd } = page.totals;
  return (
    <div className="row row-between sum">
      <span>{t.lines.total}</span>
      <span data-testid="lines-sum">
        <b>
          <Usd value={usd.commission} />
        </b>{" "}
        <span className="help">{t.lines.totalVolume({ usd: f.usdWhole(usd.volume) })}</span>
      </span>
    </div>
  );
}
