import { type FormEvent, useState } from "react";
import { type LineFilter, useDashboard } from "../../api/queries";
import { useWords } from "../../text";
import { useNarrow } from "../../ui/narrow";
import { Labelled, Select } from "../../ui/select";
import { useRange } from "../use-range";
import { isUid, PRODUCTS, REASONS, STATUSES, TYPES } from "./filter";

/** Up to this width the filters are folded. */
const NARROW = 760;

interface Props {
  filter: LineFilter;
  change: (name: keyof LineFilter, value: string) => void;
}

export function Filters(props: Props) {
  const { t, f } = useWords();
  const isNarrow = useNarrow(NARROW);
  const count = Object.keys(props.filter).length;
  if (!isNarrow) return <Fields {...props} />;
  return (
    <details className="fold" open={count > 0}>
      <summary className="button">
        {count === 0 ? t.common.filters : t.common.filtersActive({ count: f.count(count) })}
      </summary>
      <Fields {...props} />
    </details>
  );
}

function Fields({ filter, change }: Props) {
  const { t } = useWords();
  const assets = useAssets(filter.asset);
  const choices = <Value extends string>(
    all: string,
    values: readonly Value[],
    texts: Record<Value, string>,
  ) => [{ value: "", text: all }, ...values.map((value) => ({ value, text: texts[value] }))];
  return (
    <search className="toolbar filters">
      <Select
        label={t.lines.product}
        value={filter.product ?? ""}
        choices={choices(t.lines.allProducts, PRODUCTS, t.products)}
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
      <Select
        label={t.lines.status}
        value={filter.status ?? ""}
        choices={choices(t.lines.allStatuses, STATUSES, t.statuses)}
        onChange={(status) => change("status", status)}
      />
      <Select
        label={t.lines.type}
        value={filter.type ?? ""}
        choices={choices(t.lines.allTypes, TYPES, t.lines.types)}
        onChange={(type) => change("type", type)}
      />
      <Select
        label={t.lines.reason}
        value={filter.reason ?? ""}
        choices={choices(t.lines.allReasons, REASONS, t.zeroShort)}
        onChange={(reason) => change("reason", reason)}
      />
      <UidField key={filter.uid ?? ""} uid={filter.uid ?? ""} change={change} />
    </search>
  );
}

/** The assets of the range, and the one that is asked for. */
function useAssets(asked: string | undefined): string[] {
  const { days } = useRange();
  const dashboard = useDashboard(days);
  const known = Object.keys(dashboard.data?.totals.byAsset ?? {});
  return [...new Set([...known, ...(asked ? [asked] : [])])].sort();
}

function UidField({ uid, change }: { uid: string; change: Props["change"] }) {
  const { t } = useWords();
  const [text, setText] = useState(uid);
  const valid = text === "" || isUid(text);
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
