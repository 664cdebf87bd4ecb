import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { useWords } from "../../text";
import { Usd } from "../../ui/money";
import { Change } from "../change";
import { pending } from "./pending";

/** The figures that are looked for first, each against the period before. */
export function Totals({ data }: { data: Schemas["DashboardSummary"] }) {
  const { t, f } = useWords();
  const { usd } = data.totals;
  const before = data.previous.totals.usd;
  const status = data.commissionByStatus.usd;
  const joined = data.newInvitees.recall + data.newInvitees.signup;
  return (
    <dl className="totals">
      <Total
        name="commission"
        label={t.dashboard.commission}
        help={t.dashboard.commissionHelp}
        main
      >
        <Usd value={usd.commission} strong />
        <Against now={usd.commission} before={before.commission} />
        <span className="total-note">{t.dashboard.fees({ count: data.feeCount })}</span>
      </Total>
      <Total name="pending" label={t.dashboard.pending} help={t.dashboard.pendingHelp}>
        <Usd value={pending(status)} />
      </Total>
      <Total name="paid" label={t.dashboard.paid}>
        <Usd value={status.paid} />
      </Total>
      <Total name="shared" label={t.dashboard.shared}>
        <Usd value={usd.shared} />
        <Against now={usd.shared} before={before.shared} />
      </Total>
      <Total name="volume" label={t.dashboard.volume}>
        <Usd value={usd.volume} short />
        <Against now={usd.volume} before={before.volume} short />
      </Total>
      <Total name="invitees" label={t.dashboard.invitees}>
        <span className="money">{f.count(data.counts.invitees)}</span>
        <span className="total-note">
          {t.dashboard.inviteesHelp({ count: data.counts.active })}
          <br />
          {t.dashboard.newInvitees({ count: joined })}
        </span>
      </Total>
    </dl>
  );
}

interface AgainstProps {
  now: string;
  before: string;
  short?: boolean;
}

function Against({ now, before, short = false }: AgainstProps) {
  const { t, f } = useWords();
  const figure = short ? f.usdWhole(before) : f.usd(before);
  return (
    <span className="total-note">
      <Change now={now} before={before} /> {t.dashboard.was({ figure })}
    </span>
  );
}

interface Props {
  name: string;
  label: string;
  help?: string;
  main?: boolean;
  children: ReactNode;
}

function Total({ name, label, help, main = false, children }: Props) {
  return (
    <div className={`card total${main ? " total-main" : ""}`} data-testid={`total-${name}`}>
      <dt>{label}</dt>
      <dd>{children}</dd>
      {help && <dd className="help">{help}</dd>}
    </div>
  );
}
