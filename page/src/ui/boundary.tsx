import { Component, type ReactNode } from "react";
import type { Texts } from "../text";
import { State } from "./states";

interface Props {
  texts: Texts;
  children: ReactNode;
}

/** Shows a word and a way on where the page itself has failed. */
export class Boundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    const { problems } = this.props.texts;
    return (
      <main className="main main-narrow">
        <State
          icon="warn"
          tone="bad"
          level={1}
          title={problems.broken}
          action={
            <button type="button" className="button" onClick={() => location.reload()}>
              {problems.reload}
            </button>
          }
        >
          {problems.brokenText}
        </State>
      </main>
    );
  }
}
