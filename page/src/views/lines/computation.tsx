import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { Amount, ExactUsd } from "../../ui/money";
import { stepsOf } from "./steps";

type Line = Schemas["Line"];

/** A line opened up to fees, rate and rounding, with all that is known of it. */
export function Computation({ line }: { line: Line }) {
  const { t } = useWords();
  return (
    <div className="computation">
      <section aria-label={t.lines.open}>
        <h2 className="small-head">{t.lines.open}</h2>
        {line.reason ? <Zero line={line} /> : <Sum line={line} />}
        <Correction line={line} />
      </section>
      <Facts line={line} />
    </div>
  );
}

function Zero({ line }: { line: Line }) {
  const { t, f } = useWords();
  return (
    <>
      <p className="notice">
        <Icon name="info" />
        {t.zeroReasons[line.reason as Schemas["ZeroReason"]]}
      </p>
      <dl className="steps">
        <Step name={t.lines.compute.fees({ count: f.count(line.feeCount) })}>
          <Amount value={line.fees} asset={line.asset} />
        </Step>
        <Step name={t.lines.compute.commission} result>
          <Amount value={line.commission} asset={line.asset} />
        </Step>
      </dl>
    </>
  );
}

function Sum({ line }: { line: Line }) {
  const { t, f } = useWords();
  const steps = stepsOf(line);
  const { compute } = t.lines;
  return (
    <>
      <dl className="steps">
        <Step name={compute.fees({ count: f.count(line.feeCount) })}>
          <Amount value={line.fees} asset={line.asset} />
        </Step>
        <Step name={compute.rate}>× {f.percent(line.rate)}</Step>
        {steps && (
          <>
            <Step name={compute.product}>
              = <Amount value={steps.product} asset={line.asset} />
            </Step>
            <Step
              name={steps.rounded ? compute.rounded({ decimals: steps.decimals }) : compute.exact}
            >
              = <Amount value={steps.total} asset={line.asset} />
            </Step>
          </>
        )}
        {!isZero(line.shared) && (
          <Step name={compute.shared({ rate: f.percent(line.sharedRate) })}>
            − <Amount value={line.shared} asset={line.asset} />
          </Step>
        )}
        <Step name={compute.commission} result>
          = <Amount value={line.commission} asset={line.asset} />
        </Step>
        <Step name={compute.usd}>
          <ExactUsd value={line.commissionUsd} />
        </Step>
      </dl>
      {!steps && line.type === "commission" && <p className="help">{compute.unusualNote}</p>}
    </>
  );
}

function Correction({ line }: { line: Line }) {
  const { t, f } = useWords();
  if (line.type !== "correction" || !line.cause || !line.corrects) return null;
  return (
    <p className="notice">
      <Icon name="info" />
      <span>
        <b>{t.lines.causes[line.cause]}</b>{" "}
        {t.lines.compute.correctionNote({ day: f.day(line.corrects) })}
      </span>
    </p>
  );
}

/** Where the amount is on its way to the wallet. An amount of nothing is never on that way. */
function Payment({ line }: { line: Line }) {
  const { t, f } = useWords();
  const { compute } = t.lines;
  if (isZero(line.commission)) return <Step name={t.lines.status}>{t.statusHelp.nothing}</Step>;
  return (
    <>
      <Step name={t.lines.status}>
        {t.lines.statusAndHelp({
          status: t.statuses[line.status],
          help: t.statusHelp[line.status],
        })}
      </Step>
      {line.paidAt && <Step name={compute.paidAt}>{f.utcInstant(line.paidAt)}</Step>}
      {line.reference && <Step name={compute.reference}>{line.reference}</Step>}
    </>
  );
}

function Facts({ line }: { line: Line }) {
  const { t } = useWords();
  const { compute } = t.lines;
  return (
    <dl className="facts">
      <Payment line={line} />
      <Step name={compute.volume}>
        <ExactUsd value={line.volumeUsd} />
      </Step>
      <Step name={compute.link}>
        <span className="mono">{line.code}</span> · {t.origins[line.origin]}
      </Step>
      {line.why && <Step name={compute.why}>{line.why}</Step>}
      <Step name={compute.run}>
        <span className="mono">{line.runId}</span>
      </Step>
      <Step name={compute.id}>
        <span className="mono">{line.id}</span>
      </Step>
    </dl>
  );
}

interface StepProps {
  name: string;
  result?: boolean;
  children: ReactNode;
}

function Step({ name, result = false, children }: StepProps) {
  return (
    <div className={result ? "step step-result" : "step"}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
