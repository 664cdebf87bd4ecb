import type { Schemas } from "../../api/client";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icons";
import { Legal } from "../../ui/legal";
import { useMinutesLeft } from "./expiry";
import { Seen } from "./seen";

interface Props {
  open: boolean;
  window: Schemas["EligibleWindow"];
  notice: string | undefined;
  busy: boolean;
  bind: () => void;
  close: () => void;
}

/** Who invites, what is shared, what the inviter will see, that it is for life, and the decision. */
export function ConfirmationWindow({ open, window, notice, busy, bind, close }: Props) {
  const { t } = useWords();
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
      <div className="terms">
        <Share shared={window.sharedCommission} />
        <div className="for-life">
          <Icon name="lock" />
          <div>
            <h3>{words.forLife}</h3>
            <p>{words.forLifeText}</p>
          </div>
        </div>
        <Seen title={t.seen.title} />
        <Legal />
      </div>
      {/* In sight however long the terms are. */}
      <div className="decide">
        <Expiry expiresAt={window.expiresAt} />
        <button type="button" className="button" onClick={close}>
          {words.later}
        </button>
        <button type="button" className="button button-primary" disabled={busy} onClick={bind}>
          {busy ? words.binding : words.bind}
        </button>
      </div>
    </Dialog>
  );
}

function Expiry({ expiresAt }: { expiresAt: string }) {
  const { t, f } = useWords();
  const words = t.join.window;
  const minutes = useMinutesLeft(expiresAt);
  return (
    <p className="help">
      {minutes === null
        ? words.expiresAt({ time: f.utcTime(expiresAt) })
        : words.expiresIn({ minutes })}
    </p>
  );
}

function Share({ shared }: { shared: Schemas["SharedCommission"] }) {
  const { t, f } = useWords();
  const words = t.join.window;
  if (isZero(shared.spot) && isZero(shared.futures)) {
    return (
      <div className="notice gets-nothing">
        <Icon name="info" />
        <div>
          <h3>{words.nothing}</h3>
          <p>{words.nothingText}</p>
        </div>
      </div>
    );
  }
  return (
    <div>
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
    </div>
  );
}
