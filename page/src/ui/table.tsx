import { Fragment, type ReactNode } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";
import { useNarrow } from "./narrow";
import { Select } from "./select";

/** What is wider than the page scrolls by itself, also by the keyboard. */
export function TableScroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

/** Up to this width, in pixels at the usual size of text, rows are cards: no table has to be scrolled sideways. */
const NARROW = 760;

export interface Column<Row> {
  key: string;
  head: string;
  /** A second line below the head. */
  note?: string;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
  /** The cell that names the row. */
  isRowHead?: boolean;
  /** Whether rows can be sorted by `key`. */
  sorts?: boolean;
  /** Whether the head is for screen readers only. */
  isHeadHidden?: boolean;
  /** Its place in a card: first, at the right of that, below without a label, or nowhere. */
  card?: "title" | "figure" | "plain" | "fact" | "none";
  /** Left out where the table would become too wide. */
  isWide?: boolean;
}

export interface Sorting<Key extends string = string> {
  by: Key;
  descending: boolean;
}

interface Props<Row, Key extends string> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  sorting?: Sorting<Key>;
  onSort?: (sorting: Sorting<Key>) => void;
  /** What a row shows when it is opened; nothing while it is closed. */
  detail?: (row: Row) => ReactNode;
  testIdOf?: (row: Row) => string;
  /** The head stays in sight while the page scrolls. */
  isSticky?: boolean;
  /** Up to which width rows are cards. */
  narrow?: number;
}

/** Rows as a table where there is room, and as cards where there is none. */
export function DataTable<Row, Key extends string = string>(props: Props<Row, Key>) {
  const isNarrow = useNarrow(props.narrow ?? NARROW);
  return isNarrow ? <Cards {...props} /> : <Table {...props} />;
}

function Table<Row, Key extends string>(props: Props<Row, Key>) {
  const { label, columns, rows, keyOf, sorting, onSort, detail, testIdOf, isSticky } = props;
  return (
    <table className={isSticky ? "table-sticky" : ""} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) =>
            column.sorts && sorting && onSort ? (
              <SortHead key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ) : (
              <th key={column.key} className={classOf(column)}>
                <span className={column.isHeadHidden ? "hidden" : ""}>{column.head}</span>
                {column.note && <span className="th-note">{column.note}</span>}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const opened = detail?.(row);
          return (
            <Fragment key={keyOf(row)}>
              <tr data-testid={testIdOf?.(row)}>
                {columns.map((column) =>
                  column.isRowHead ? (
                    <th key={column.key} scope="row" className={classOf(column)}>
                      {column.cell(row)}
                    </th>
                  ) : (
                    <td key={column.key} className={classOf(column)}>
                      {column.cell(row)}
                    </td>
                  ),
                )}
              </tr>
              {opened && (
                <tr className="row-open">
                  <td colSpan={columns.length}>{opened}</td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function classOf<Row>({ isNumber, isWide }: Column<Row>): string {
  return [isNumber && "number", isWide && "wide"].filter(Boolean).join(" ");
}

interface HeadProps<Row, Key extends string> {
  column: Column<Row>;
  sorting: Sorting<Key>;
  onSort: (sorting: Sorting<Key>) => void;
}

/** A column's head that sorts by it: at first from the highest, then the other way round. */
function SortHead<Row, Key extends string>({ column, sorting, onSort }: HeadProps<Row, Key>) {
  const by = column.key as Key;
  const isThis = sorting.by === by;
  const order = sorting.descending ? "descending" : "ascending";
  return (
    <th className={classOf(column)} aria-sort={isThis ? order : "none"}>
      <button
        type="button"
        className={`sort${isThis ? " sort-on" : ""}`}
        onClick={() => onSort({ by, descending: isThis ? !sorting.descending : true })}
      >
        {column.head}
        <Icon name={isThis && !sorting.descending ? "up" : "down"} />
      </button>
    </th>
  );
}

function Cards<Row, Key extends string>(props: Props<Row, Key>) {
  const { label, columns, rows, keyOf, sorting, onSort, detail, testIdOf } = props;
  const at = (place: Column<Row>["card"]) =>
    columns.filter((column) => (column.card ?? "fact") === place);
  return (
    <>
      {sorting && onSort && <CardSort columns={columns} sorting={sorting} onSort={onSort} />}
      <ul className="card-rows" aria-label={label}>
        {rows.map((row) => (
          <li className="card-row" key={keyOf(row)} data-testid={testIdOf?.(row)}>
            <div className="card-row-head">
              <div className="card-row-title">
                {at("title").map(({ key, cell }) => (
                  <div key={key}>{cell(row)}</div>
                ))}
              </div>
              {at("figure").map(({ key, head, cell }) => (
                <div className="card-row-figure" key={key}>
                  <span className="hidden">{head} </span>
                  {cell(row)}
                </div>
              ))}
            </div>
            {at("plain").map(({ key, cell }) => (
              <div key={key}>{cell(row)}</div>
            ))}
            <Facts columns={at("fact")} row={row} />
            {detail?.(row)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Facts<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  if (columns.length === 0) return null;
  return (
    <dl className="card-row-facts">
      {columns.map(({ key, head, cell }) => (
        <div key={key}>
          <dt>{head}</dt>
          <dd>{cell(row)}</dd>
        </div>
      ))}
    </dl>
  );
}

interface CardSortProps<Row, Key extends string> {
  columns: readonly Column<Row>[];
  sorting: Sorting<Key>;
  onSort: (sorting: Sorting<Key>) => void;
}

/** The sorting of a list that has no heads. */
function CardSort<Row, Key extends string>({ columns, sorting, onSort }: CardSortProps<Row, Key>) {
  const { t } = useWords();
  const choices = columns
    .filter((column) => column.sorts)
    .map((column) => ({ value: column.key as Key, text: column.head }));
  const { descending } = sorting;
  return (
    <div className="card-sort">
      <Select
        label={t.common.sortBy}
        value={sorting.by}
        choices={choices}
        onChange={(by) => onSort({ by, descending })}
      />
      <button
        type="button"
        className="button"
        aria-label={descending ? t.common.descending : t.common.ascending}
        onClick={() => onSort({ by: sorting.by, descending: !descending })}
      >
        <Icon name={descending ? "down" : "up"} />
      </button>
    </div>
  );
}

interface PagerProps {
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pages, onPage }: PagerProps) {
  const { t, f } = useWords();
  if (pages <= 1) return null;
  return (
    <nav
      className="pager"
      aria-label={t.invitees.page({ page: f.count(page + 1), pages: f.count(pages) })}
    >
      <button
        type="button"
        className="button button-icon"
        aria-label={t.invitees.previous}
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <Icon name="left" />
      </button>
      <span aria-live="polite">
        {t.invitees.page({ page: f.count(page + 1), pages: f.count(pages) })}
      </span>
      <button
        type="button"
        className="button button-icon"
        aria-label={t.invitees.next}
        disabled={page === pages - 1}
        onClick={() => onPage(page + 1)}
      >
        <Icon name="right" />
      </button>
    </nav>
  );
}
