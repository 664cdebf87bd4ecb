import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  /** Beside the title: a control, or a word. */
  aside?: ReactNode;
  help?: string;
  className?: string;
  children: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, aside, help, className = "", children }: Props) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <div>
          <h2 id={id}>{title}</h2>
          {help && <p className="help">{help}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}
