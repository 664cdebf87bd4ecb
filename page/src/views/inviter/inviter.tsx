import type { Schemas } from "../../api/client";
import { useBinding } from "../../api/queries";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";
import { Amount, Usd } from "../../ui/money";
import { Failed, Skeleton, State } from "../../ui/states";
import { TableScroll } from "../../ui/table";
import { Freshness } from "../freshness";
import { SeenPoints } from "../join/seen";
import { SharedDays } from "./days";

type Relationship = Schemas["Relationship"];

/** Who invited the user, and what the user got back. */
export default function Inviter() {
  const { t } = useWords();
  const binding = useBinding();
  return (
    <div className="narrow">
      <div className="view-head view-head-sticky">
        <h1>{t.inviter.title}</h1>
        {binding.data && <Freshness dataAsOf={binding.data.dataAsOf} />}
      </div>
      {binding.isPending && <Skeleton tall lines={4} />}
      {binding.isError && <Failed error={binding.error} retry={() => binding.refetch()} />}
      {binding.data === null && (
        <section className="card">
          <State icon="person" title={t.inviter.noneTitle}>
            {t.inviter.noneText}
          </State>
        </section>
      )}
      {binding.data && <Relation relation={binding.data} />}
    </div>
  );
}

function Relation({ relation }: { relation: Relationship }) {
  const { t, f } = useWords();
  return (
    <div className="stack-wide">
      {relation.voidedAt && (
        <p className="notice notice-bad" role="status">
          <Icon name="warn" />
          {t.inviter.voided({ instant: f.utcInstant(relation.voidedAt) })}
        </p>
      )}
      <section className="card" aria-label={t.inviter.by}>
        <p className="help">{t.inviter.by}</p>
        <p className="inviter-id">{relation.inviter}</p>
        <p className="help">{t.inviter.masked}</p>
        <dl className="facts facts-row">
          <div>
            <dt>{t.inviter.since}</dt>
            <dd>{f.utcInstant(relation.boundAt)}</dd>
          </div>
          <div>
            <dt>{t.inviter.code}</dt>
            <dd className="mono">{relation.code}</dd>
          </div>
          <div>
            <dt>{t.inviter.spot}</dt>
            <dd>{f.percent(relation.sharedCommission.spot)}</dd>
          </div>
          <div>
            <dt>{t.inviter.futures}</dt>
            <dd>{f.percent(relation.sharedCommission.futures)}</dd>
          </div>
        </dl>
        <p className="help with-icon">
          <Icon name="lock" />
          {t.inviter.forLife}
        </p>
      </section>
      <Received relation={relation} />
      <SharedDays shared={relation.shared} />
      <details className="requirements">
        <summary>
          <Icon name="right" />
          <span className="requirements-name">{t.seen.titleNow}</span>
        </summary>
        <div className="seen seen-folded">
          <SeenPoints />
        </div>
      </details>
    </div>
  );
}

function Received({ relation }: { relation: Relationship }) {
  const { t } = useWords();
  const { spot, futures } = relation.sharedCommission;
  const { usd } = relation.shared;
  const assets = relation.shared.assets.filter((asset) => !isZero(asset.amount));
  const sharesNothing = isZero(spot) && isZero(futures);
  return (
    <Card title={t.inviter.received}>
      {assets.length === 0 && (
        <p className="help">{sharesNothing ? t.inviter.noShare : t.inviter.receivedNothing}</p>
      )}
      {assets.length > 0 && (
        <>
          <p className="figure">
            <Usd value={usd} strong />
          </p>
          <TableScroll label={t.inviter.received}>
            <table className="table-wrapped">
              <thead>
                <tr>
                  <th>{t.inviter.asset}</th>
                  <th className="number">{t.inviter.amount}</th>
                  <th className="number">{t.inviter.usd}</th>
                </tr>
              </thead>
              <tbody>
                {assets.map((asset) => (
                  <tr key={asset.asset}>
                    <th scope="row">{asset.asset}</th>
                    <td className="number">
                      <Amount value={asset.amount} />
                    </td>
                    <td className="number">
                      <Usd value={asset.usd} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        </>
      )}
    </Card>
  );
}
