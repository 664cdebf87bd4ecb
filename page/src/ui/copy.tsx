import { useState } from "react";
import { useWords } from "../text";
import { Icon } from "./icons";
import { say } from "./toasts";

const SHOWN_MS = 2_000;

/** Copies a text, and says on the button itself that it did. */
export function CopyButton({ text, primary = false }: { text: string; primary?: boolean }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), SHOWN_MS);
    } catch {
      say(t.problems.title, "bad");
    }
  };
  return (
    <button type="button" className={`button${primary ? " button-primary" : ""}`} onClick={copy}>
      <Icon name={copied ? "check" : "copy"} />
      <span aria-live="polite">{copied ? t.common.copied : t.links.copyLink}</span>
    </button>
  );
}
