import { useDeferredValue } from "react";
import { Link, useSearchParams } from "wouter";
import type { Schemas } from "../../api/client";
import {
  type Invitees as List,
  useInvitee,
  useInvitees,
  useLatest,
  useLinks,
} from "../../api/queries";
import { lastDayBefore } from "../../format/days";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { Labelled, Select } from "../../ui/select";
import { Failed, Skeleton, State } from "../../ui/states";
import { Pager } from "../../ui/table";
import { Freshness } from "../freshness";
import { saveInvitees } from "./export";
import { admits, type Filter, NO_FILTER, sorted } from "./filter";
import { type Place, read, write } from "./place";
import { InviteeTable } from "./table";

const PER_PAGE = 25;

/** Who came by the affiliate's links, one by one. */
export default function Invitees() {
  const { t } = useWords();
  const list = useInvitees();
  const data = useDeferredValue(list.data);
  return (
    <>
      <div className="view-head view-head-sticky">
        <h1>{t.invitees.title}</h1>
        {(list.data || !list.isError) && <Freshness dataAsOf={list.data?.dataAsOf} />}
      </div>
      {!data && !list.isError && <Skeleton tall lines={8} />}
      {list.isError && <Failed error={list.error} retry={() => list.refetch()} />}
      {data && data.invitees.length === 0 && <Nobody />}
      {data && data.invitees.length > 0 && <Filtered list={data} />}
    </>
  );
}

function Nobody() {
  const { t } = useWords();
  const action = (
    <Link className="button button-primary" href="/links">
      {t.dashboard.firstStepAction}
    </Link>
  );
  return (
    <section className="card">
      <State icon="people" title={t.invitees.emptyTitle} action={action}>
        {t.invitees.emptyText}
      </State>
    </section>
  );
}

function Filtered({ list }: { list: List }) {
  const { t } = useWords();
  const [query, setQuery] = useSearchParams();
  const place = read(query);
  const { filter, sorting, page } = place;
  const loaded = list.invitees.filter((invitee) => admits(filter, invitee));
  // An invitee who is not among the newest is asked for by the whole id.
  const uid = filter.uid.trim();
  const asked = useInvitee(uid, !list.complete && loaded.length === 0 && uid !== "");
  const others = asked.data?.filter((invitee) => admits(filter, invitee)) ?? [];
  const found = sorted(loaded.length > 0 ? loaded : others, sorting);
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const at = Math.min(page, pages - 1);
  // Turning a page is a step to come back from; a letter typed is none.
  const move = (next: Partial<Place>, options = { replace: true }) =>
    setQuery((before) => write(before, { ...place, page: 0, ...next }), options);
  const change = (next: Partial<Filter>) => move({ filter: { ...filter, ...next } });
  const labels = useLabels();
  const day = lastDayBefore(list.dataAsOf ?? new Date().toISOString());
  return (
    <>
      <Filters filter={filter} change={change} labels={labels} />
      {!list.complete && <Partial loaded={list.invitees.length} />}
      <section className="card" aria-label={t.invitees.title}>
        <div className="row row-between">
          <p aria-live="polite">
            <b>{t.invitees.count({ count: found.length })}</b>
            <span className="help"> {t.invitees.figuresSince}</span>
          </p>
          <SaveMenu invitees={found} day={day} />
        </div>
        {found.length === 0 ? (
          <State
            icon="search"
            title={t.invitees.none}
            action={
              <button type="button" className="button" onClick={() => change(NO_FILTER)}>
                {t.invitees.clear}
              </button>
            }
          />
        ) : (
          <InviteeTable
            invitees={found.slice(at * PER_PAGE, (at + 1) * PER_PAGE)}
            labels={labels}
            sorting={sorting}
            onSort={(next) => move({ sorting: next })}
          />
        )}
        <Pager
          page={at}
          pages={pages}
          onPage={(next) => move({ page: next }, { replace: false })}
        />
      </section>
    </>
  );
}

/** The links' names by their codes. */
function useLabels(): Map<string, string> {
  const { t } = useWords();
  const links = useLinks();
  const name = ({ code, label, default: isDefault }: Schemas["CountedLink"]) =>
    label ?? (isDefault ? t.links.isDefault : code);
  return new Map(links.data?.links.map((link) => [link.code, name(link)]) ?? []);
}

function Partial({ loaded }: { loaded: number }) {
  const { t, f } = useWords();
  const all = useLatest().data?.counts.invitees;
  if (all === undefined) return null;
  return (
    <p className="notice">
      <Icon name="info" />
      {t.invitees.partial({ loaded: f.count(loaded), all: f.count(all) })}
    </p>
  );
}

interface FiltersProps {
  filter: Filter;
  change: (next: Partial<Filter>) => void;
  labels: Map<string, string>;
}

function Filters({ filter, change, labels }: FiltersProps) {
  const { t } = useWords();
  const all = { value: "" as const, text: t.common.all };
  const choices = <Value extends string>(words: Record<Value, string>) => [
    all,
    ...Object.entries<string>(words).map(([value, text]) => ({ value: value as Value, text })),
  ];
  return (
    <search className="toolbar filters">
      <Labelled label={t.invitees.search}>
        {(id) => (
          <input
            id={id}
            type="search"
            autoComplete="off"
            placeholder={t.invitees.searchPlaceholder}
            value={filter.uid}
            onChange={(event) => change({ uid: event.target.value })}
          />
        )}
      </Labelled>
      <Select
        label={t.invitees.origin}
        value={filter.origin}
        choices={choices(t.origins)}
        onChange={(origin) => change({ origin })}
      />
      <Select
        label={t.invitees.link}
        value={filter.link}
        choices={[all, ...[...labels].map(([value, text]) => ({ value, text }))]}
        onChange={(link) => change({ link })}
      />
      <Select
        label={t.invitees.status}
        value={filter.status}
        choices={choices(t.inviteeStatuses)}
        onChange={(status) => change({ status })}
      />
    </search>
  );
}

function SaveMenu({ invitees, day }: { invitees: Schemas["Referral"][]; day: string }) {
  const { t } = useWords();
  const content = (
    <>
      <Icon name="download" />
      {t.lines.export}
    </>
  );
  return (
    <Menu button={content} disabled={invitees.length === 0}>
      <MenuItem onClick={() => saveInvitees("csv", invitees, day)}>{t.lines.exportCsv}</MenuItem>
      <MenuItem onClick={() => saveInvitees("ndjson", invitees, day)}>
        {t.lines.exportJson}
      </MenuItem>
    </Menu>
  );
}
