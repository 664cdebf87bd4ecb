import { type ReactNode, useId } from "react";

interface Props<Value extends string> {
  label: string;
  value: Value;
  choices: readonly { value: Value; text: string }[];
  onChange: (value: Value) => void;
}

/** The browser's own list: the best there is on a phone. */
export function Select<Value extends string>({ label, value, choices, onChange }: Props<Value>) {
  return (
    <Labelled label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChange(event.target.value as Value)}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface LabelledProps {
  label: string;
  help?: string | undefined;
  error?: string | undefined;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}

/** A control with its label above it, and what is to be said about it below. */
export function Labelled({ label, help, error, children }: LabelledProps) {
  const id = useId();
  const below = error ?? help;
  const belowId = below ? `${id}-below` : undefined;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children(id, belowId)}
      {below && (
        <p className={error ? "field-error" : "help"} id={belowId} role={error && "alert"}>
          {below}
        </p>
      )}
    </div>
  );
}
