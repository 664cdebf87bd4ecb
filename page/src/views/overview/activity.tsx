import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useLinks, useNewestInvitees, useNewestLines } from "../../api/queries";
import { isZero, sum } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { type Texts, useWords } from "../../text";
import { Card } from "../../ui/card";

/** How much of each kind is looked at, and how much is shown of all. */
const DAYS = 4;
const JOINED = 4;
const CORRECTIONS = 20;
const SHOWN = 8;

interface Happening {
  key: string;
  day: string;
  words: ReactNode;
  href: string;
}

/** What happened lately, in words: the newest first. */
export function Activity({ data }: { data: Schemas["DashboardSummary"] }) {
  const { t, f } = useWords();
  const joined = useNewestInvitees(JOINED).data ?? [];
  const days = { from: data.from, to: data.to };
  const corrections = useNewestLines(days, { type: "correction" }, CORRECTIONS).data ?? [];
  const links = useLinks().data?.links ?? [];
  const nameOf = (code: string) => links.find((link) => link.code === code)?.label ?? code;
  const all = [
    ...data.series.slice(-DAYS).map((day) => ofDay(day, t, f)),
    ...joined.map((invitee) => ofInvitee(invitee, nameOf(invitee.code), t)),
    ...ofCorrections(corrections, t, f),
  ].sort((a, b) => (a.day < b.day ? 1 : -1));
  return (
    <Card title={t.overview.activity}>
      {all.length === 0 && <p className="help">{t.overview.activityNone}</p>}
      <ul className="activity">
        {all.slice(0, SHOWN).map(({ key, day, words, href }) => (
          <li key={key}>
            <Link className="activity-item" href={href}>
              <span className="activity-day">{f.shortDay(day)}</span>
              <span>{words}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ofDay(figures: Schemas["DayFigures"], t: Texts, f: Formats): Happening {
  const { day, activeInvitees, commissionUsd } = figures;
  return {
    key: `day ${day}`,
    day,
    words:
      activeInvitees === 0
        ? t.overview.idleDay
        : t.overview.earned({ usd: f.usd(commissionUsd), count: activeInvitees }),
    href: `/earnings?from=${day}&to=${day}`,
  };
}

function ofInvitee(invitee: Schemas["Referral"], link: string, t: Texts): Happening {
  return {
    key: `joined ${invitee.uid}`,
    day: invitee.boundAt.slice(0, 10),
    words: t.overview.joined({ uid: invitee.uid, link }),
    href: `/invitees?q=${invitee.uid}`,
  };
}

/** The corrections of a day that have one cause are one event to the reader. */
function ofCorrections(lines: Schemas["Line"][], t: Texts, f: Formats): Happening[] {
  const groups = new Map<string, Schemas["Line"][]>();
  for (const line of lines) {
    const key = `${line.day} ${line.corrects} ${line.cause}`;
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups].flatMap(([key, group]) => {
    const [first] = group;
    const total = sum(group.map((line) => line.commissionUsd));
    if (!first || isZero(total)) return [];
    const { day, corrects, cause } = first;
    const what = { usd: f.usd(total), day: f.shortDay(corrects ?? day) };
    return {
      key: `corrected ${key}`,
      day,
      words: cause
        ? t.overview.correctedBecause({ ...what, cause: t.lines.causes[cause] })
        : t.overview.corrected(what),
      href: `/earnings?from=${day}&to=${day}&type=correction`,
    };
  });
}
