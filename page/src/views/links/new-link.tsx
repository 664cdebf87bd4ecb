import { type FormEvent, useState } from "react";
import type { Schemas } from "../../api/client";
import { useMakeLink } from "../../api/queries";
import { useWords } from "../../text";
import { CopyButton } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Segmented } from "../../ui/segmented";
import { Labelled } from "../../ui/select";
import { sentence } from "../../ui/states";
import { QrDownload, QrPicture } from "./qr";
import { Share } from "./share";
import { type Rates, Side } from "./sides";

type Market = Schemas["Market"];

interface Props {
  open: boolean;
  onClose: () => void;
  choices: Schemas["LinkList"]["sharedCommissionChoices"];
  rates: Rates | undefined;
}

/** Asks for a new link, and ends on the link itself. */
export function NewLink({ open, onClose, ...rest }: Props) {
  const { t } = useWords();
  const [made, setMade] = useState<Schemas["LabelledLink"] | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return made ? (
    <Dialog open={open} onClose={close} title={t.links.doneTitle} lead={t.links.doneLead}>
      <Made link={made} close={close} />
    </Dialog>
  ) : (
    <Dialog open={open} onClose={close} title={t.links.newTitle} lead={t.links.newLead}>
      <Form done={setMade} {...rest} />
    </Dialog>
  );
}

function Made({ link, close }: { link: Schemas["LabelledLink"]; close: () => void }) {
  const { t } = useWords();
  return (
    <div className="qr-window" data-testid="made-link">
      <QrPicture link={link} />
      <p className="address address-small">{link.url}</p>
      <div className="row row-center">
        <CopyButton text={link.url} primary />
        <Share link={link} />
        <QrDownload link={link} />
      </div>
      <button type="button" className="button button-quiet" onClick={close}>
        {t.links.done}
      </button>
    </div>
  );
}

interface FormProps extends Pick<Props, "choices" | "rates"> {
  done: (made: Schemas["LabelledLink"]) => void;
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
    make.mutate(link, { onSuccess: done });
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
        {t.links.shareOf({ market })}
      </p>
      <Segmented
        label={t.links.shareOf({ market })}
        value={value}
        choices={choices.map((choice) => ({ value: choice, text: f.percent(choice) }))}
        onChange={onChange}
      />
      <Side market={market} rate={rate} shared={value} />
    </div>
  );
}
