import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";

interface Props<Value extends string> {
  label: string;
  value: Value | null;
  choices: readonly { value: Value; text: string }[];
  onChange: (value: Value) => void;
  className?: string;
}

/** A few choices side by side, of which one holds. */
export function Segmented<Value extends string>(props: Props<Value>) {
  const { label, value, choices, onChange, className = "" } = props;
  return (
    <RadioGroup
      className={`segmented ${className}`}
      aria-label={label}
      value={value}
      onValueChange={(next) => onChange(next as Value)}
    >
      {choices.map((choice) => (
        // The text is the radio button's own, so that it needs no label beside it.
        <Radio.Root className="segment" key={choice.value} value={choice.value}>
          {choice.text}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
