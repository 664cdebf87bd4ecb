import { changeOf } from "../format/decimal";
import { useWords } from "../text";
import { Icon } from "../ui/icons";

interface Props {
  now: string;
  before: string;
}

/** How much a figure has changed; nothing, where there was none to compare it with. */
export function Change({ now, before }: Props) {
  const { t, f } = useWords();
  const ratio = changeOf(now, before);
  if (ratio === null) return null;
  const percent = f.change(ratio);
  const { change } = t.dashboard;
  if (ratio === 0) return <span className="change">{change.same}</span>;
  const isUp = ratio > 0;
  const words = (isUp ? change.up : change.down)({ percent: percent.replace(/[+\-−]/, "") });
  return (
    <span className={`change change-${isUp ? "up" : "down"}`}>
      <Icon name={isUp ? "up" : "down"} />
      <span className="ltr" aria-hidden="true">
        {percent}
      </span>
      <span className="hidden">{words}</span>
    </span>
  );
}
