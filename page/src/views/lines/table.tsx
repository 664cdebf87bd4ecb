import { Fragment, useState } from "react";
import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Amount, Usd } from "../../ui/money";
import { TableScroll } from "../../ui/table";
import { Computation } from "./computation";

type Line = Schemas["Line"];

const COLUMNS = 8;

export function LineTable({ lines }: { lines: Line[] }) {
  const { t } = useWords();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <TableScroll label={t.lines.title}>
      <table className="lines">
        <thead>
          <tr>
            <th>{t.lines.day}</th>
            <th>{t.lines.invitee}</th>
            <th>{t.lines.product}</th>
            <th className="number">{t.lines.fees}</th>
            <th className="number">{t.lines.rate}</th>
            <th className="number">{t.lines.commission}</th>
            <th className="number wide">{t.lines.usd}</th>
            <th>{t.lines.status}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Fragment key={line.id}>
              <Row
                line={line}
                open={open === line.id}
                toggle={() => setOpen(open === line.id ? null : line.id)}
              />
              {open === line.id && (
                <tr className="line-open">
                  <td colSpan={COLUMNS}>
                    <Computation line={line} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

interface RowProps {
  line: Line;
  open: boolean;
  toggle: () => void;
}

function Row({ line, open, toggle }: RowProps) {
  const { t, f } = useWords();
  return (
    <tr className={line.reason ? "line-zero" : ""} data-testid="line">
      <td>
        <button
          type="button"
          className="expand"
          aria-expanded={open}
          aria-label={`${t.lines.open}: ${f.day(line.day)}, ${line.uid}, ${line.asset}`}
          onClick={toggle}
        >
          <Icon name={open ? "down" : "right"} />
          {f.day(line.day)}
        </button>
      </td>
      <td className="mono">{line.uid}</td>
      <td>{t.products[line.product]}</td>
      <td className="number">
        <Amount value={line.fees} asset={line.asset} />
      </td>
      <td className="number">{line.reason ? t.common.none : f.percent(line.rate)}</td>
      <td className="number">
        <Amount value={line.commission} asset={line.asset} />
      </td>
      <td className="number wide">
        <Usd value={line.commissionUsd} />
      </td>
      <td>
        {line.reason ? (
          <span className="reason">{t.zeroReasons[line.reason as Schemas["ZeroReason"]]}</span>
        ) : (
          <span className={`badge badge-${line.status}`}>{t.statuses[line.status]}</span>
        )}
        {line.type === "correction" && (
          <span className="badge badge-warn">{t.lines.correction}</span>
        )}
      </td>
    </tr>
  );
}
