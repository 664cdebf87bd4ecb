import type { Schemas } from "../../api/client";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icons";

interface Props {
  open: boolean;
  window: Schemas["EligibleWindow"];
  notice: string | undefined;
  busy: boolean;
  bind: () => void;
  close: () => void;
}

/** Who invites, what is shared, that it is for life, and the decision. */
export function ConfirmationWindow({ open, window, notice, busy, bind, close }: Props) {
  const { t, f } = useWords();
  const words = t.join.window;
  return (
    <Dialog open={open} onClose={close} decisive title={words.title} lead={words.lead}>
      <p className="inviter-id">{window.inviter}</p>
      {notice && (
        <p className="notice" role="alert">
          <Icon name="info" />
          {notice}
        </p>
      )}
      <Share shared={window.sharedCommission} />
      <div className="for-life">
        <Icon name="lock" />
        <div>
          <b>{words.forLife}</b>
          <p>{words.forLifeText}</p>
        </div>
      </div>
      <div className="row row-end decision">
        <button type="button" className="button" onClick={close}>
          {words.later}
        </button>
        <button type="button" className="button button-primary" disabled={busy} onClick={bind}>
          {busy ? words.binding : words.bind}
        </button>
      </div>
      <p className="help decision-note">{words.good(f.utcTime(window.expiresAt))}</p>
    </Dialog>
  );
}

function Share({ shared }: { shared: Schemas["SharedCommission"] }) {
  const { t, f } = useWords();
  const words = t.join.window;
  if (isZero(shared.spot) && isZero(shared.futures))
    return <p className="gets-nothing">{words.nothing}</p>;
  return (
    <>
      <p className="gets-label">{words.get}</p>
      <dl className="gets">
        <div>
          <dt>{words.ofSpot}</dt>
          <dd>{f.percent(shared.spot)}</dd>
        </div>
        <div>
          <dt>{words.ofFutures}</dt>
          <dd>{f.percent(shared.futures)}</dd>
        </div>
      </dl>
    </>
  );
}
