import { useState } from "react";
import type { Schemas } from "../../api/client";
import type { LineOrder } from "../../api/queries";
import { isZero } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { type Texts, useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Amount, Usd } from "../../ui/money";
import { useNarrow } from "../../ui/narrow";
import { type Column, DataTable } from "../../ui/table";
import { Computation } from "./computation";

type Line = Schemas["Line"];

/** Up to this width the columns would not fit. */
const NARROW = 1000;

interface Props {
  lines: Line[];
  order: LineOrder;
  onOrder: (order: LineOrder) => void;
}

/** The lines, each of which opens to its computation. */
export function LineTable({ lines, order, onOrder }: Props) {
  const { t, f } = useWords();
  const [open, setOpen] = useState<string | null>(null);
  const isCard = useNarrow(NARROW);
  const toggle = (line: Line) => setOpen(open === line.id ? null : line.id);
  const day: Column<Line> = {
    key: "day",
    head: t.lines.day,
    sorts: true,
    card: "title",
    cell: (line) => <Expander line={line} isOpen={open === line.id} toggle={() => toggle(line)} />,
  };
  const columns = isCard ? cardColumns(t) : tableColumns(t, f);
  return (
    <DataTable
      label={t.lines.title}
      columns={[day, ...columns]}
      rows={lines}
      keyOf={(line) => line.id}
      testIdOf={() => "line"}
      sorting={{ by: "day", descending: order === "-day" }}
      onSort={({ descending }) => onOrder(descending ? "-day" : "day")}
      detail={(line) => open === line.id && <Computation line={line} />}
      narrow={NARROW}
      isSticky
    />
  );
}

function tableColumns(t: Texts, f: Formats): Column<Line>[] {
  return [
    {
      key: "invitee",
      head: t.lines.invitee,
      cell: (line) => <span className="mono">{line.uid}</span>,
    },
    { key: "product", head: t.lines.product, cell: (line) => t.products[line.product] },
    {
      key: "fees",
      head: t.lines.fees,
      isNumber: true,
      cell: (line) => <Amount value={line.fees} asset={line.asset} />,
    },
    {
      key: "rate",
      head: t.lines.rate,
      isNumber: true,
      cell: (line) => (line.reason ? t.common.none : f.percent(line.rate)),
    },
    {
      key: "commission",
      head: t.lines.commission,
      isNumber: true,
      isWide: true,
      cell: (line) => <Amount value={line.commission} asset={line.asset} />,
    },
    {
      key: "usd",
      head: t.lines.usd,
      isNumber: true,
      cell: (line) => <Usd value={line.commissionUsd} />,
    },
    { key: "status", head: t.lines.status, cell: (line) => <Standing line={line} /> },
  ];
}

function cardColumns(t: Texts): Column<Line>[] {
  return [
    {
      key: "usd",
      head: t.lines.usd,
      card: "figure",
      cell: (line) => <Usd value={line.commissionUsd} />,
    },
    {
      key: "what",
      head: t.lines.invitee,
      card: "plain",
      cell: (line) => (
        <span className="row row-between">
          <span>
            <span className="mono">{line.uid}</span> · {t.products[line.product]} · {line.asset}
          </span>
          <Standing line={line} />
        </span>
      ),
    },
  ];
}

/** Where the line's amount is, or why there is none. */
function Standing({ line }: { line: Line }) {
  const { t } = useWords();
  const reason = line.reason as Schemas["ZeroReason"] | null;
  return (
    <span className="row row-tight">
      {reason && (
        <span className="reason" title={t.zeroReasons[reason]}>
          {t.zeroShort[reason]}
        </span>
      )}
      {!reason && !isZero(line.commission) && (
        <span className={`badge badge-${line.status}`}>{t.statuses[line.status]}</span>
      )}
      {line.type === "correction" && <span className="badge badge-warn">{t.lines.correction}</span>}
    </span>
  );
}

interface ExpanderProps {
  line: Line;
  isOpen: boolean;
  toggle: () => void;
}

function Expander({ line, isOpen, toggle }: ExpanderProps) {
  const { t, f } = useWords();
  const { day, uid, product, asset, fees } = line;
  const what = [f.day(day), uid, t.products[product], `${f.amount(fees)} ${asset}`];
  if (line.type === "correction") what.push(t.lines.correction);
  return (
    <button
      type="button"
      className="expand"
      aria-expanded={isOpen}
      aria-label={`${what.join(", ")}. ${t.lines.open}`}
      onClick={toggle}
    >
      <Icon name={isOpen ? "down" : "right"} />
      {f.day(day)}
    </button>
  );
}
