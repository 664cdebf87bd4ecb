import { type FormEvent, useState } from "react";
import type { Schemas } from "../../api/client";
import { useMakeLink } from "../../api/queries";
import { useWords } from "../../text";
import { Dialog } from "../../ui/dialog";
import { Segmented } from "../../ui/segmented";
import { Labelled } from "../../ui/select";
import { sentence } from "../../ui/states";
import { say } from "../../ui/toasts";
import { type Rates, Side } from "./sides";

type Market = Schemas["Market"];

interface Props {
  open: boolean;
  onClose: () => void;
  choices: Schemas["LinkList"]["sharedCommissionChoices"];
  rates: Rates | undefined;
}

export function NewLink({ open, onClose, ...rest }: Props) {
  const { t } = useWords();
  return (
    <Dialog open={open} onClose={onClose} title={t.links.newTitle} lead={t.links.newLead}>
      <Form done={onClose} {...rest} />
    </Dialog>
  );
}

interface FormProps extends Pick<Props, "choices" | "rates"> {
  done: () => void;
}

function Form({ choices, rates, done }: FormProps) {
  const { t } = useWords();
  const make = useMakeLink();
  const [label, setLabel] = useState("");
  const [isDefault, setDefault] = useState(false);
  const [shared, setShared] = useState({ spot: "0", futures: "0" });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const link = { label: label.trim() || null, sharedCommission: shared, default: isDefault };
    make.mutate(link, {
      onSuccess: () => {
        say(t.links.done);
        done();
      },
    });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Labelled label={t.links.label} help={t.links.labelHelp}>
        {(id, below) => (
          <input
            id={id}
            aria-describedby={below}
            maxLength={64}
            autoComplete="off"
            placeholder={t.links.labelPlaceholder}
            value={label}
            onChange={(event) => setLabel(event.target.value)}
          />
        )}
      </Labelled>
      {(["spot", "futures"] as const).map((market) => (
        <Choice
          key={market}
          market={market}
          choices={choices[market]}
          rate={rates?.[market]}
          value={shared[market]}
          onChange={(rate) => setShared({ ...shared, [market]: rate })}
        />
      ))}
      <label className="check">
        <input
          type="checkbox"
          checked={isDefault}
          onChange={(event) => setDefault(event.target.checked)}
        />
        {t.links.alsoDefault}
      </label>
      {make.error && (
        <p className="field-error" role="alert">
          {sentence(make.error, t)}
        </p>
      )}
      <div className="row row-end">
        <button type="submit" className="button button-primary" disabled={make.isPending}>
          {t.links.make}
        </button>
      </div>
    </form>
  );
}

interface ChoiceProps {
  market: Market;
  choices: string[];
  rate: string | undefined;
  value: string;
  onChange: (rate: string) => void;
}

function Choice({ market, choices, rate, value, onChange }: ChoiceProps) {
  const { t, f } = useWords();
  return (
    <div className="share-choice">
      <p className="field-label" aria-hidden="true">
        {t.links.shareOf(t.markets[market])}
      </p>
      <Segmented
        label={t.links.shareOf(t.markets[market])}
        value={value}
        choices={choices.map((choice) => ({ value: choice, text: f.percent(choice) }))}
        onChange={onChange}
      />
      <Side market={market} rate={rate} shared={value} />
    </div>
  );
}
