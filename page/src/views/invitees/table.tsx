import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Usd } from "../../ui/money";
import { SortHead, type Sorting, TableScroll } from "../../ui/table";
import type { Key } from "./filter";

type Invitee = Schemas["Referral"];

interface Props {
  invitees: Invitee[];
  labels: Map<string, string>;
  sorting: Sorting<Key>;
  onSort: (sorting: Sorting<Key>) => void;
}

export function InviteeTable({ invitees, labels, sorting, onSort }: Props) {
  const { t } = useWords();
  const head = { sorting, onSort };
  return (
    <TableScroll label={t.invitees.title}>
      <table className="table-sticky">
        <thead>
          <tr>
            <SortHead by="uid" {...head}>
              {t.invitees.uid}
            </SortHead>
            <th>{t.invitees.link}</th>
            <SortHead by="boundAt" {...head}>
              {t.invitees.bound}
            </SortHead>
            <SortHead by="firstTrade" className="wide" {...head}>
              {t.invitees.firstTrade}
            </SortHead>
            <SortHead by="lastTrade" {...head}>
              {t.invitees.lastTrade}
            </SortHead>
            <SortHead by="volume" className="number" {...head}>
              {t.invitees.volume}
            </SortHead>
            <SortHead by="commission" className="number" {...head}>
              {t.invitees.commission}
            </SortHead>
            <th className="number wide">{t.invitees.shared}</th>
            <th>{t.invitees.status}</th>
          </tr>
        </thead>
        <tbody>
          {invitees.map((invitee) => (
            <Row key={invitee.uid} invitee={invitee} label={labels.get(invitee.code)} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

function Row({ invitee, label }: { invitee: Invitee; label: string | undefined }) {
  const { t, f } = useWords();
  const { usd } = invitee.totals;
  const day = (at: string | null) => (at ? f.day(at.slice(0, 10)) : t.common.none);
  const tone = { active: "good", no_trades_yet: "plain", voided: "bad" }[invitee.status];
  return (
    <tr>
      <th scope="row">
        <Link className="link mono" href={`/lines?uid=${invitee.uid}&range=365d`}>
          <span className="hidden">{t.invitees.seeLines(invitee.uid)}</span>
          <span aria-hidden="true">{invitee.uid}</span>
        </Link>
      </th>
      <td>
        <span className={`badge badge-${invitee.origin}`}>{t.origins[invitee.origin]}</span>{" "}
        <span className="faint">{label ?? invitee.code}</span>
      </td>
      <td>{day(invitee.boundAt)}</td>
      <td className="wide">{day(invitee.firstTradeTime)}</td>
      <td>{day(invitee.lastTradeTime)}</td>
      <td className="number">
        <Usd value={usd.volume} short />
      </td>
      <td className="number">
        <Usd value={usd.commission} />
      </td>
      <td className="number wide">
        <Usd value={usd.shared} />
      </td>
      <td>
        <span className={`badge badge-${tone}`}>{t.inviteeStatuses[invitee.status]}</span>
      </td>
    </tr>
  );
}
