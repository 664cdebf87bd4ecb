import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useLatest, useNewestLines } from "../../api/queries";
import { lastDayBefore } from "../../format/days";
import { isZero } from "../../format/decimal";
import { daysOf } from "../../format/range";
import { type Texts, useWords } from "../../text";
import { Usd } from "../../ui/money";
import { type Column, DataTable, type Sorting } from "../../ui/table";
import type { Key } from "./filter";

type Invitee = Schemas["Referral"];

/** Up to this width the columns would not fit. */
const NARROW = 1100;

const TONES = { active: "good", no_trades_yet: "plain", voided: "bad" };

interface Props {
  invitees: Invitee[];
  labels: Map<string, string>;
  sorting: Sorting<Key>;
  onSort: (sorting: Sorting<Key>) => void;
}

export function InviteeTable({ invitees, labels, sorting, onSort }: Props) {
  const { t } = useWords();
  return (
    <DataTable
      label={t.invitees.title}
      columns={[...who(t, labels), ...times(t), ...figures(t)]}
      rows={invitees}
      keyOf={(invitee) => invitee.uid}
      testIdOf={() => "invitee"}
      sorting={sorting}
      onSort={onSort}
      narrow={NARROW}
      isSticky
    />
  );
}

function who(t: Texts, labels: Map<string, string>): Column<Invitee>[] {
  return [
    {
      key: "uid",
      head: t.invitees.uid,
      isRowHead: true,
      sorts: true,
      card: "title",
      cell: ({ uid }) => (
        <Link className="link mono" href={`/earnings?uid=${uid}&range=365d`}>
          <span className="hidden">{t.invitees.seeLines({ uid })}</span>
          <span aria-hidden="true">{uid}</span>
        </Link>
      ),
    },
    {
      key: "link",
      head: t.invitees.link,
      card: "plain",
      cell: ({ origin, code, status }) => (
        <span className="row row-tight">
          <span className={`badge badge-${origin}`}>{t.origins[origin]}</span>
          {status !== "active" && (
            <span className={`badge badge-${TONES[status]}`}>{t.inviteeStatuses[status]}</span>
          )}
          <span className="faint">{labels.get(code) ?? code}</span>
        </span>
      ),
    },
  ];
}

function times(t: Texts): Column<Invitee>[] {
  return [
    {
      key: "boundAt",
      head: t.invitees.bound,
      sorts: true,
      cell: ({ boundAt }) => <DayOf at={boundAt} />,
    },
    {
      key: "firstTrade",
      head: t.invitees.firstTrade,
      sorts: true,
      isWide: true,
      cell: ({ firstTradeTime }) => <DayOf at={firstTradeTime} />,
    },
    {
      key: "lastTrade",
      head: t.invitees.lastTrade,
      sorts: true,
      cell: ({ lastTradeTime }) => <DayOf at={lastTradeTime} />,
    },
  ];
}

function figures(t: Texts): Column<Invitee>[] {
  return [
    {
      key: "volume",
      head: t.invitees.volume,
      sorts: true,
      isNumber: true,
      cell: ({ totals }) => <Usd value={totals.usd.volume} short />,
    },
    {
      key: "shared",
      head: t.invitees.shared,
      isNumber: true,
      cell: ({ totals }) => <Usd value={totals.usd.shared} />,
    },
    {
      key: "commission",
      head: t.invitees.commission,
      sorts: true,
      isNumber: true,
      card: "figure",
      cell: (invitee) => <Earned invitee={invitee} />,
    },
  ];
}

function DayOf({ at }: { at: string | null }) {
  const { t, f } = useWords();
  return at ? f.day(at.slice(0, 10)) : t.common.none;
}

function Earned({ invitee }: { invitee: Invitee }) {
  const { commission } = invitee.totals.usd;
  return (
    <>
      <Usd value={commission} />
      {isZero(commission) && invitee.firstTradeTime !== null && <WhyNothing uid={invitee.uid} />}
    </>
  );
}

/** Why the newest fees of an invitee earned nothing, with a way to all of them. */
function WhyNothing({ uid }: { uid: string }) {
  const { t } = useWords();
  const latest = useLatest().data;
  const days = latest?.dataAsOf ? daysOf("365d", lastDayBefore(latest.dataAsOf)) : undefined;
  const reason = useNewestLines(days, { uid }, 1).data?.[0]?.reason as Schemas["ZeroReason"] | null;
  if (!reason) return null;
  return (
    <Link
      className="link why"
      href={`/earnings?uid=${uid}&reason=${reason}&range=365d`}
      title={t.zeroReasons[reason]}
    >
      {t.zeroShort[reason]}
    </Link>
  );
}
