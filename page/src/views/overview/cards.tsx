import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { firstOfMonth, lastDayBefore, monthBefore } from "../../format/days";
import { isZero, part } from "../../format/decimal";
import { useWords } from "../../text";
import { Usd } from "../../ui/money";
import { Change } from "../change";
import { pending } from "../dashboard/pending";
import { lastDay, monthSoFar, type Period, periodsOf, sparkOfDays, sparkOfMonth } from "./figures";
import { PeriodBars, ShareBar, Sparkline } from "./sparkline";

/** The bars of yesterday's sparkline: two weeks. */
const SPARK_DAYS = 14;

interface Props {
  data: Schemas["DashboardSummary"];
  /** The last 30 days. */
  latest: Schemas["DashboardSummary"] | undefined;
}

/** What is looked for every morning, each against the time before. */
export function Cards({ data, latest }: Props) {
  const { t, f } = useWords();
  const lastClosed = lastDayBefore(data.dataAsOf ?? `${data.to}T23:59:59Z`);
  const yesterday = lastDay(data.series);
  const month = monthSoFar(data.series, lastClosed);
  const status = data.commissionByStatus.usd;
  const before = data.previous.commissionByStatus.usd;
  const open = pending(status);
  const earned = data.totals.usd.commission;
  const periods = latest ? periodsOf(data, latest) : null;
  return (
    <ul className="overview-cards" aria-label={t.overview.title}>
      {yesterday && (
        <Figure
          name="yesterday"
          label={`${t.overview.yesterday} · ${f.shortDay(yesterday.day)}`}
          value={yesterday.now}
          before={yesterday.before}
          note={t.overview.dayBefore({ usd: f.usd(yesterday.before) })}
          href={`/earnings?from=${yesterday.day}&to=${yesterday.day}`}
        >
          <Sparkline {...sparkOfDays(data.series, yesterday.day, SPARK_DAYS)} />
        </Figure>
      )}
      <Figure
        name="month"
        label={f.month(lastClosed)}
        value={month.now}
        before={month.before}
        note={t.overview.lastMonth({
          usd: f.usd(month.before),
          day: f.shortDay(monthBefore(lastClosed)),
        })}
        href={`/dashboard?from=${firstOfMonth(lastClosed)}&to=${lastClosed}`}
      >
        <Sparkline {...sparkOfMonth(data.series, lastClosed)} />
      </Figure>
      <Figure
        name="pending"
        label={t.overview.pending}
        value={open}
        before={pending(before)}
        note={t.overview.pendingHelp({
          usd: f.usd(status.settled),
          before: f.usd(pending(before)),
        })}
        // Entries are filtered by one status. The figure is of three, and is there again.
        href="/dashboard?range=90d"
      >
        <Parts periods={periods} of="pending" share={part(open, earned)} />
      </Figure>
      <Figure
        name="paid"
        label={t.overview.paid}
        value={status.paid}
        before={before.paid}
        note={
          !isZero(before.paid)
            ? t.overview.before({ usd: f.usd(before.paid) })
            : t.overview.paidHelp
        }
        href="/earnings?range=90d&status=paid"
      >
        <Parts periods={periods} of="paid" share={part(status.paid, earned)} />
      </Figure>
    </ul>
  );
}

interface PartsProps {
  periods: Period[] | null;
  of: "pending" | "paid";
  share: number;
}

/** The periods, or the part of all earnings where the answers have no exact periods. */
function Parts({ periods, of, share }: PartsProps) {
  return periods ? <PeriodBars periods={periods} of={of} /> : <ShareBar share={share} />;
}

interface FigureProps {
  name: string;
  label: string;
  value: string;
  before: string;
  note: string;
  href: string;
  children: ReactNode;
}

function Figure({ name, label, value, before, note, href, children }: FigureProps) {
  return (
    <li data-testid={`overview-${name}`}>
      <Link className="card overview-card" href={href}>
        <span className="overview-label">{label}</span>
        <span className="overview-figure">
          <Usd value={value} />
          <Change now={value} before={before} />
        </span>
        <span className="overview-note">{note}</span>
        {children}
      </Link>
    </li>
  );
}
