import { type FormEvent, useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "../../api/client";
import { useKept } from "../../api/kept";
import { type LineFilter, useDashboard, useLines } from "../../api/queries";
import { sum } from "../../format/decimal";
import { useWords } from "../../text";
import { Usd } from "../../ui/money";
import { Labelled, Select } from "../../ui/select";
import { Failed, Skeleton, State } from "../../ui/states";
import { ExportMenu } from "../export-menu";
import { Freshness, NotFinal } from "../freshness";
import { RangePicker } from "../range-picker";
import { StillShowing } from "../still-showing";
import { useRange } from "../use-range";
import { LineTable } from "./table";

const PRODUCTS = ["spot", "margin", "futures"] as const;
const UID = "[A-Za-z0-9._:\\-]{1,64}";

/** The filter that the address names; what is no filter is left out. */
function filterOf(query: URLSearchParams): LineFilter {
  const product = PRODUCTS.find((it) => it === query.get("product"));
  const [asset, uid] = [query.get("asset"), query.get("uid")];
  return {
    ...(product && { product }),
    ...(asset && /^[A-Z0-9]{1,16}$/.test(asset) && { asset }),
    ...(uid && new RegExp(`^${UID}$`).test(uid) && { uid }),
  };
}

/** The booked lines behind every figure. */
export default function Lines() {
  const { t } = useWords();
  const chosen = useRange();
  const [query, setQuery] = useSearchParams();
  const filter = filterOf(query);
  const lines = useLines(chosen.days, filter);
  const { data, isOlder } = useKept(lines);
  const first = data?.pages[0];
  const change = (name: keyof LineFilter, value: string) =>
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
        {chosen.days && <ExportMenu days={chosen.days} filter={filter} />}
      </div>
      <Filters filter={filter} change={change} />
      {failed && !first && <Failed error={failed.error} retry={retry} />}
      {failed && first && (
        <StillShowing error={failed.error} wanted={chosen.days} shown={first} retry={retry} />
      )}
      {!first && !failed && <Skeleton tall lines={8} />}
      {data && first && (
        <>
          <NotFinal covered={first} />
          <Found pages={data.pages} lines={lines} isOlder={isOlder && !failed} />
        </>
      )}
    </>
  );
}

interface FiltersProps {
  filter: LineFilter;
  change: (name: keyof LineFilter, value: string) => void;
}

function Filters({ filter, change }: FiltersProps) {
  const { t } = useWords();
  const assets = useAssets(filter.asset);
  return (
    <search className="toolbar filters">
      <Select
        label={t.lines.product}
        value={filter.product ?? ""}
        choices={[
          { value: "", text: t.lines.allProducts },
          ...PRODUCTS.map((value) => ({ value, text: t.products[value] })),
        ]}
        onChange={(product) => change("product", product)}
      />
      <Select
        label={t.lines.asset}
        value={filter.asset ?? ""}
        choices={[
          { value: "", text: t.lines.allAssets },
          ...assets.map((value) => ({ value, text: value })),
        ]}
        onChange={(asset) => change("asset", asset)}
      />
      <UidField key={filter.uid ?? ""} uid={filter.uid ?? ""} change={change} />
    </search>
  );
}

/** The assets in which anything was ever earned lately, and the one that is asked for. */
function useAssets(asked: string | undefined): string[] {
  const { days } = useRange();
  const dashboard = useDashboard(days);
  const known = Object.keys(dashboard.data?.totals.byAsset ?? {});
  return [...new Set([...known, ...(asked ? [asked] : [])])].sort();
}

function UidField({ uid, change }: { uid: string; change: FiltersProps["change"] }) {
  const { t } = useWords();
  const [text, setText] = useState(uid);
  const valid = text === "" || new RegExp(`^${UID}$`).test(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) change("uid", text);
  };
  return (
    <form onSubmit={submit}>
      <Labelled label={t.lines.uid} error={valid ? undefined : t.lines.badUid}>
        {(id, below) => (
          <input
            id={id}
            type="search"
            autoComplete="off"
            aria-describedby={below}
            aria-invalid={!valid}
            placeholder={t.lines.anyUid}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onBlur={() => valid && text !== uid && change("uid", text)}
          />
        )}
      </Labelled>
    </form>
  );
}

interface FoundProps {
  pages: Schemas["LinePage"][];
  lines: ReturnType<typeof useLines>;
  isOlder: boolean;
}

function Found({ pages, lines, isOlder }: FoundProps) {
  const { t, f } = useWords();
  const found: Schemas["Line"][] = pages.flatMap((page) => page.lines);
  if (found.length === 0 && !lines.hasNextPage) {
    return (
      <section className="card">
        <State icon="lines" title={t.lines.none}>
          {t.lines.noneText}
        </State>
      </section>
    );
  }
  const count = f.count(found.length);
  return (
    <section className="card" aria-label={t.lines.title} aria-busy={isOlder}>
      <div className="row row-between sum" data-testid="lines-sum">
        <span>{lines.hasNextPage ? t.lines.sumLoaded(count) : t.lines.sumAll}</span>
        <b>
          <Usd value={sum(found.map((line) => line.commissionUsd))} />
        </b>
      </div>
      <LineTable lines={found} />
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
          <span className="help">{t.lines.allShown(count, found.length)}</span>
        )}
      </div>
    </section>
  );
}
