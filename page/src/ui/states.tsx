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

/** The text of every failure: a code without one does not compile. */
function wordsOf(t: Texts): Record<Failure, string | { title: string }> {
  return { ...t.bindReasons, ...t.problems.codes };
}

/** A failure in the reader's own words. */
export function sentence(error: unknown, t: Texts): string {
  const words = error instanceof ApiError ? wordsOf(t)[error.failure] : undefined;
  // A newer API may have a code that this page does not know.
  if (!words) return t.problems.codes.internal;
  return typeof words === "string" ? words : words.title;
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
