import type { ReactNode } from "react";
import { Link } from "wouter";
import { ApiError, type Failure } from "../api/client";
import { type Texts, useWords } from "../text";
import { Icon, type IconName } from "./icons";

/** Gray bars where figures will stand. */
export function Skeleton({ lines = 3, tall = false }: { lines?: number; tall?: boolean }) {
  const { t } = useWords();
  const bars = Array.from({ length: lines }, (_, index) => `bar-${index}`);
  return (
    <div className={`skeleton${tall ? " skeleton-tall" : ""}`} role="status">
      <span className="hidden">{t.common.loading}</span>
      {bars.map((bar) => (
        <span className="skeleton-bar" key={bar} />
      ))}
    </div>
  );
}

interface StateProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  tone?: "calm" | "bad" | "good";
  /** The heading's level, where it is not the page's own. */
  level?: 1 | 2;
}

/** What stands where there is nothing to show: why, and what to do. */
export function State({ icon, title, children, action, tone = "calm", level = 2 }: StateProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className={`state state-${tone}`}>
      <span className="state-icon">
        <Icon name={icon} />
      </span>
      <Heading className="state-title">{title}</Heading>
      {children && <div className="state-text">{children}</div>}
      {action && <div className="state-action">{action}</div>}
    </div>
  );
}

/** The closed list of what may fail: a code without a text does not compile. */
function wordsOf(t: Texts): Record<Failure, string> {
  const { bindReasons } = t;
  return {
    ...t.problems.codes,
    inviter_not_affiliate: bindReasons.inviter_not_affiliate.title,
    self_referral: bindReasons.self_referral.title,
    already_bound: bindReasons.already_bound.title,
    account_too_young: bindReasons.account_too_young.title,
    recently_active: bindReasons.recently_active.title,
    unknown_account: bindReasons.unknown_account.title,
    unknown_link: bindReasons.unknown_link.title,
    link_not_recall_capable: bindReasons.link_not_recall_capable.title,
    sub_account: bindReasons.sub_account.title,
    inviter_registered_after_invitee: bindReasons.inviter_registered_after_invitee.title,
    same_identity: bindReasons.same_identity.title,
    region_blocked_inviter: bindReasons.region_blocked_inviter.title,
    region_blocked_invitee: bindReasons.region_blocked_invitee.title,
  };
}

/** A failure in the reader's own words. */
export function sentence(error: unknown, t: Texts): string {
  // A newer API may have a code that this page does not know.
  return (error instanceof ApiError && wordsOf(t)[error.failure]) || t.problems.codes.internal;
}

/** A part of the page that could not be loaded. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useWords();
  if (error instanceof ApiError && error.failure === "inviter_not_affiliate") {
    return <NotForYou title={t.problems.notAffiliateTitle} text={t.problems.notAffiliate} />;
  }
  if (error instanceof ApiError && error.failure === "unknown_account") {
    return <NotForYou title={t.problems.unknownAccountTitle} text={t.problems.unknownAccount} />;
  }
  return (
    <div role="alert">
      <State
        icon="warn"
        tone="bad"
        title={t.problems.title}
        action={
          retry && (
            <button type="button" className="button" onClick={retry}>
              {t.common.retry}
            </button>
          )
        }
      >
        {sentence(error, t)}
      </State>
    </div>
  );
}

function NotForYou({ title, text }: { title: string; text: string }) {
  const { t } = useWords();
  return (
    <State
      icon="person"
      title={title}
      action={
        <Link className="button" href="/inviter">
          {t.nav.inviter}
        </Link>
      }
    >
      {text}
    </State>
  );
}
