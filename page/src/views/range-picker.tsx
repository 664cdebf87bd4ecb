import { type FormEvent, useState } from "react";
import { daysIn, lastDayBefore } from "../format/days";
import { type Days, daysOf, MAX_DAYS, PRESETS, type Preset, type Range } from "../format/range";
import { useWords } from "../text";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { Segmented } from "../ui/segmented";
import { Labelled, Select } from "../ui/select";
import type { Chosen } from "./use-range";

const CUSTOM = "custom";

/** Chooses a range by name or by its days. */
export function RangePicker({ range, days, choose }: Chosen) {
  const { t, f } = useWords();
  const [open, setOpen] = useState(false);
  const preset = "preset" in range ? range.preset : null;
  const choices = PRESETS.map((value) => ({ value, text: t.range.presets[value] }));
  const shown = days && f.days(days);
  const pick = (next: Range) => {
    choose(next);
    setOpen(false);
  };
  return (
    <div className="range">
      <Segmented
        className="range-wide"
        label={t.range.label}
        value={preset}
        choices={choices}
        onChange={(next) => choose({ preset: next })}
      />
      <div className="range-narrow">
        <Select
          label={t.range.label}
          value={preset ?? CUSTOM}
          choices={preset ? choices : [...choices, { value: CUSTOM, text: t.range.custom }]}
          onChange={(next) => next !== CUSTOM && choose({ preset: next })}
        />
      </div>
      <button
        type="button"
        className="button range-days"
        disabled={!days}
        onClick={() => setOpen(true)}
      >
        <Icon name="calendar" />
        <span className="hidden">{t.range.custom} </span>
        {shown ?? <DaysPlaceholder preset={preset} />}
      </button>
      <Dialog open={open} onClose={() => setOpen(false)} title={t.range.customTitle}>
        {days && <Custom days={days} pick={pick} />}
      </Dialog>
    </div>
  );
}

/** Takes the width of the days, so that nothing moves when the API has answered. */
function DaysPlaceholder({ preset }: { preset: Preset | null }) {
  const { f } = useWords();
  const guess = daysOf(preset ?? "30d", lastDayBefore(new Date().toISOString()));
  return (
    <span className="range-placeholder" aria-hidden="true">
      {f.days(guess)}
    </span>
  );
}

function Custom({ days, pick }: { days: Days; pick: (range: Range) => void }) {
  const { t } = useWords();
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  const wrong = () => {
    if (from > to) return t.range.backwards;
    return daysIn(from, to) > MAX_DAYS ? t.range.tooLong({ days: MAX_DAYS }) : undefined;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong()) pick({ from, to });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="row">
        <DayField label={t.range.from} value={from} onChange={setFrom} />
        <DayField label={t.range.to} value={to} onChange={setTo} error={wrong()} />
      </div>
      <div className="row row-end">
        <button type="submit" className="button button-primary">
          {t.range.apply}
        </button>
      </div>
    </form>
  );
}

interface DayFieldProps {
  label: string;
  value: string;
  onChange: (day: string) => void;
  error?: string | undefined;
}

function DayField({ label, value, onChange, error }: DayFieldProps) {
  return (
    <Labelled label={label} error={error}>
      {(id, below) => (
        <input
          id={id}
          type="date"
          required
          aria-describedby={below}
          aria-invalid={error !== undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Labelled>
  );
}
