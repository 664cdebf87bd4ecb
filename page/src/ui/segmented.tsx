import { useId } from "react";

interface Props<Value extends string> {
  label: string;
  value: Value | null;
  choices: readonly { value: Value; text: string }[];
  onChange: (value: Value) => void;
  className?: string;
}

/** A few choices side by side, of which one holds: the browser's own radio buttons. */
export function Segmented<Value extends string>(props: Props<Value>) {
  const { label, value, choices, onChange, className = "" } = props;
  const name = useId();
  return (
    <div className={`segmented ${className}`} role="radiogroup" aria-label={label}>
      {choices.map((choice) => (
        <label className="segment" key={choice.value}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={value === choice.value}
            onChange={() => onChange(choice.value)}
          />
          <span>{choice.text}</span>
        </label>
      ))}
    </div>
  );
}
