import { useId } from "react";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";

/** What the inviter learns about the invitee: said before the decision, and after it. */
export function Seen({ title }: { title: string }) {
  const id = useId();
  return (
    <section className="seen" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <SeenPoints />
    </section>
  );
}

export function SeenPoints() {
  const { t } = useWords();
  return (
    <>
      <ul>
        {Object.values(t.seen.points).map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
      <p className="help with-icon">
        <Icon name="lock" />
        {t.seen.not}
      </p>
    </>
  );
}
