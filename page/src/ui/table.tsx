import type { ReactNode } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";

/** A table that is wider than the page scrolls by itself, also by the keyboard. */
export function TableScroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <div className="table-scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

export interface Sorting<Key extends string> {
  by: Key;
  descending: boolean;
}

interface HeadProps<Key extends string> {
  by: Key;
  sorting: Sorting<Key>;
  onSort: (sorting: Sorting<Key>) => void;
  className?: string;
  children: ReactNode;
}

/** A column's head that sorts by it: at first from the highest, then the other way round. */
export function SortHead<Key extends string>(props: HeadProps<Key>) {
  const { by, sorting, onSort, className = "", children } = props;
  const isThis = sorting.by === by;
  const order = sorting.descending ? "descending" : "ascending";
  return (
    <th className={className} aria-sort={isThis ? order : "none"}>
      <button
        type="button"
        className={`sort${isThis ? " sort-on" : ""}`}
        onClick={() => onSort({ by, descending: isThis ? !sorting.descending : true })}
      >
        {children}
        <Icon name={isThis && !sorting.descending ? "up" : "down"} />
      </button>
    </th>
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
    <nav className="pager" aria-label={t.invitees.page(f.count(page + 1), f.count(pages))}>
      <button
        type="button"
        className="button button-icon"
        aria-label={t.invitees.previous}
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <Icon name="left" />
      </button>
      <span aria-live="polite">{t.invitees.page(f.count(page + 1), f.count(pages))}</span>
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
