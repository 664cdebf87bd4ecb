import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useBinding } from "../../api/queries";
import { type Texts, useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { State } from "../../ui/states";

type Check = Schemas["Check"];
type Reason = Schemas["BindReason"];

interface Props {
  code: string;
  checks: Check[];
  from: string | undefined;
}

/** Why the user cannot be invited, from when he could be, and every check that was made. */
export function Refused({ code, checks, from }: Props) {
  const { t, f } = useWords();
  const refusing = checks.find((check) => !check.met);
  const reason = refusing?.reason as Reason | undefined;
  if (reason === "already_bound") return <AlreadyBound code={code} />;
  if (!reason) return null;
  return (
    <div className="narrow refusal">
      <RefusedByName reason={reason} />
      {from && (
        <p className="notice notice-good" role="status">
          <Icon name="clock" />
          <span>
            <b>{t.join.refusedFrom(f.utcInstant(from))}</b>{" "}
            {f.instant(from) !== f.utcInstant(from).replace(" UTC", "") &&
              t.join.ownTime(f.instant(from))}
          </span>
        </p>
      )}
      {reason !== "self_referral" && <Checks checks={checks} />}
    </div>
  );
}

/** A refusal in its own words. */
export function RefusedByName({ reason }: { reason: Reason }) {
  const { t } = useWords();
  const { title, text } = t.bindReasons[reason];
  const action = reason === "self_referral" && (
    <Link className="button" href="/">
      {t.join.ownAction}
    </Link>
  );
  return (
    <div data-testid={`refused-${reason}`}>
      <State icon="warn" tone="bad" level={1} title={title} action={action}>
        {text}
      </State>
    </div>
  );
}

/** The user has an inviter: perhaps by this very link. */
function AlreadyBound({ code }: { code: string }) {
  const { t } = useWords();
  const binding = useBinding();
  const same = binding.data?.code === code;
  const action = (
    <Link className="button button-primary" href="/inviter">
      {t.join.seeInviter}
    </Link>
  );
  return (
    <div data-testid="refused-already_bound">
      <State
        icon={same ? "check" : "lock"}
        tone={same ? "good" : "calm"}
        level={1}
        title={same ? t.join.alreadyThis : t.bindReasons.already_bound.title}
        action={action}
      >
        {t.bindReasons.already_bound.text}
      </State>
    </div>
  );
}

function Checks({ checks }: { checks: Check[] }) {
  const { t, f } = useWords();
  const unmetFirst = [...checks].sort((a, b) => Number(a.met) - Number(b.met));
  return (
    <section className="card card-plain" aria-label={t.join.checks}>
      <h2 className="small-head">{t.join.checks}</h2>
      <ul className="points">
        {unmetFirst.map((check) => (
          <li className={check.met ? "point-good" : "point-bad"} key={check.reason}>
            <Icon name={check.met ? "check" : "cross"} />
            <span>
              {wordsOf(check, t, f)}
              <span className="hidden"> ({check.met ? t.join.met : t.join.notMet})</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Formats = ReturnType<typeof useWords>["f"];

/** What a check asks for, and how it stands. */
function wordsOf({ reason, needs }: Check, t: Texts, f: Formats): string {
  if (!needs) return t.bindReasons[reason as Reason].check;
  const asked = t.join.needs[needs.kind](f.count(needs.moreThanDays));
  const since = needs.since ? t.join.since[needs.kind](f.utcInstant(needs.since)) : t.join.never;
  return `${asked} (${since})`;
}
