import { Component, type ReactNode } from "react";
import { currentProgramme } from "../programme";
import type { Texts } from "../text";
import { OutsideLink } from "./outside-link";
import { State } from "./states";

interface Props {
  texts: Texts;
  /** What is shown instead of the failed part; a message with a way on, if left out. */
  fallback?: ReactNode;
  /** A failure ends when this changes, as when another view is opened. */
  resetKey?: string;
  children: ReactNode;
}

type Failing = "no" | "code" | "missing-file";

/** What browsers say where a file of the page could not be loaded. */
const MISSING_FILE = /dynamically imported module|module script|preload CSS/i;

/** Keeps a failure inside one part of the page. */
export class Boundary extends Component<Props, { failing: Failing }> {
  override state = { failing: "no" as Failing };

  static getDerivedStateFromError(error: unknown) {
    const isMissing = error instanceof Error && MISSING_FILE.test(error.message);
    return { failing: isMissing ? "missing-file" : "code" };
  }

  override componentDidUpdate(before: Props) {
    if (before.resetKey !== this.props.resetKey && this.state.failing !== "no") {
      this.setState({ failing: "no" });
    }
  }

  override render() {
    const { texts, fallback, children } = this.props;
    if (this.state.failing === "no") return children;
    if (fallback !== undefined) return fallback;
    return <Broken texts={texts} failing={this.state.failing} />;
  }
}

function Broken({ texts, failing }: { texts: Texts; failing: Failing }) {
  const { problems } = texts;
  const { support } = currentProgramme();
  const isMissing = failing === "missing-file";
  const reload = (
    <button type="button" className="button" onClick={() => location.reload()}>
      {problems.reload}
    </button>
  );
  return (
    <div role="alert">
      <State
        icon="warn"
        tone="bad"
        level={1}
        title={isMissing ? problems.partMissing : problems.broken}
        action={reload}
      >
        <p>{isMissing ? problems.partMissingText : problems.brokenText}</p>
        {!isMissing && support && <OutsideLink href={support} text={texts.join.support} />}
      </State>
    </div>
  );
}
