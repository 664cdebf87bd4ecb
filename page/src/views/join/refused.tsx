import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useBinding } from "../../api/queries";
import { type Texts, useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { OutsideLink } from "../../ui/outside-link";
import { useProgramme } from "../../ui/programme";
import { State } from "../../ui/states";
import { useTitle } from "../../ui/title";
import { nextMinute } from "./calendar";
import { When } from "./when";

type Check = Schemas["Check"];
type Reason = Schemas["BindReason"];

interface Props {
  code: string;
  checks: Check[];
  from: string | undefined;
}

/** The requirement that is not met, with its date; the others are folded away. */
export function Refused({ code, checks, from }: Props) {
  const { t, f } = useWords();
  const refusing = checks.find((check) => !check.met);
  const reason = refusing?.reason as Reason | undefined;
  if (reason === "already_bound") return <AlreadyBound code={code} />;
  if (!refusing || !reason) return null;
  return (
    <div className="narrow refusal">
      <RefusedByName
        reason={reason}
        passing={from !== undefined}
        fact={refusing.needs && wordsOf(refusing, t, f)}
      />
      {from && <When code={code} from={nextMinute(from)} />}
      {reason !== "self_referral" && <Checks checks={checks} />}
    </div>
  );
}

interface NamedProps {
  reason: Reason;
  /** Whether time alone heals it. */
  passing?: boolean;
  /** The requirement with the account's own date. */
  fact?: string | undefined;
}

/** A refusal in its own words. */
export function RefusedByName({ reason, passing = false, fact }: NamedProps) {
  const { t } = useWords();
  const { support } = useProgramme();
  const { title, text } = t.bindReasons[reason];
  useTitle(title);
  const action =
    reason === "self_referral" ? (
      <Link className="button" href="/">
        {t.join.ownAction}
      </Link>
    ) : (
      support && <OutsideLink href={support} text={t.join.support} />
    );
  return (
    <div data-testid={`refused-${reason}`}>
      <State
        icon={passing ? "clock" : "warn"}
        tone={passing ? "calm" : "bad"}
        level={1}
        title={title}
        action={action}
      >
        {fact && <p className="refusal-fact">{fact}</p>}
        <p>{text}</p>
      </State>
    </div>
  );
}

/** The user has an inviter: perhaps by this very link. */
function AlreadyBound({ code }: { code: string }) {
  const { t } = useWords();
  const binding = useBinding();
  const same = binding.data?.code === code;
  const title = same ? t.join.alreadyThis : t.bindReasons.already_bound.title;
  useTitle(title);
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
        title={title}
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
  const met = checks.filter((check) => check.met).length;
  return (
    <details className="requirements">
      <summary>
        <Icon name="right" />
        <span className="requirements-name">{t.join.checks}</span>
        <span className="help">
          {t.join.checksMet({ met: f.count(met), all: f.count(checks.length) })}
        </span>
      </summary>
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
    </details>
  );
}

type Formats = ReturnType<typeof useWords>["f"];

/** What a requirement asks for, and the account's own date. */
function wordsOf({ reason, needs }: Check, t: Texts, f: Formats): string {
  if (!needs) return t.bindReasons[reason as Reason].check;
  const need = t.join.needs[needs.kind]({ days: needs.moreThanDays });
  const fact = needs.since
    ? t.join.since[needs.kind]({ instant: f.day(needs.since.slice(0, 10)) })
    : t.join.never;
  return t.join.needAndFact({ need, fact });
}
