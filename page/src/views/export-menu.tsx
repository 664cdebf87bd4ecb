import { useState } from "react";
import { exportLines, fileOf, save } from "../api/export";
import type { ExportForm } from "../api/parts";
import type { LineFilter } from "../api/queries";
import type { Days } from "../format/range";
import { useWords } from "../text";
import { Icon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/menu";
import { say } from "../ui/toasts";

interface Props {
  /** The export waits for them. */
  days: Days | undefined;
  filter: LineFilter;
}

/** Saves the lines behind what is on the screen, all of them, as the API itself exports them. */
export function ExportMenu({ days, filter }: Props) {
  const { t } = useWords();
  const [lines, setLines] = useState<number | null>(null);
  const run = async (form: ExportForm) => {
    if (!days) return;
    setLines(0);
    try {
      const done = await exportLines(form, days, filter, setLines);
      const parts = ["commissions", days.from, days.to, ...Object.values(filter)];
      save(`${parts.join("_")}.${form}`, fileOf(form, done.text));
      say(t.lines.exported({ count: done.lines }));
    } catch {
      say(t.lines.exportFailed, "bad");
    } finally {
      setLines(null);
    }
  };
  const content = (
    <>
      <Icon name="download" />
      {lines === null ? t.lines.export : t.lines.exporting({ count: lines })}
    </>
  );
  return (
    <Menu button={content} disabled={!days || lines !== null}>
      <MenuItem onClick={() => run("csv")}>{t.lines.exportCsv}</MenuItem>
      <MenuItem onClick={() => run("ndjson")}>{t.lines.exportJson}</MenuItem>
    </Menu>
  );
}
