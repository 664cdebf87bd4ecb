import { useEffect, useState, useSyncExternalStore } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";

type Tone = "good" | "bad";

interface Message {
  id: number;
  title: string;
  tone: Tone;
}

const SHOWN_MS = 5_000;

const MOST = 3;

let messages: readonly Message[] = [];
let count = 0;
const listeners = new Set<() => void>();

function change(next: readonly Message[]) {
  messages = next;
  for (const listener of listeners) listener();
}

/** Says something at the page's edge, and to screen readers, for a few seconds. */
export function say(title: string, tone: Tone = "good") {
  count += 1;
  change([...messages, { id: count, title, tone }].slice(-MOST));
}

function listen(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The messages, which are there before they are filled, so that screen readers watch them. */
export function Toasts() {
  const { t } = useWords();
  const shown = useSyncExternalStore(listen, () => messages);
  return (
    <section className="toasts" aria-label={t.common.messages}>
      <div aria-live="polite">
        {shown.map((message) => (
          <Shown key={message.id} message={message} />
        ))}
      </div>
    </section>
  );
}

function Shown({ message }: { message: Message }) {
  const { t } = useWords();
  const [isHeld, setHeld] = useState(false);
  const { id, title, tone } = message;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => change(messages.filter((it) => it.id !== id)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, isHeld]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <div
      role="group"
      className={`toast toast-${tone}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon name={tone === "bad" ? "warn" : "check"} />
      <p className="toast-title">{title}</p>
      <button
        type="button"
        className="button button-quiet button-icon"
        aria-label={t.common.close}
        onClick={() => change(messages.filter((it) => it.id !== id))}
      >
        <Icon name="cross" />
      </button>
    </div>
  );
}
