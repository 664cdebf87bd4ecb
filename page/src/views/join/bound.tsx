import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useBinding } from "../../api/queries";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { State } from "../../ui/states";
import { useTitle } from "../../ui/title";

/** The binding is made: what happens now, and where to see it. */
export function Bound({ binding }: { binding: Schemas["Binding"] }) {
  const { t, f } = useWords();
  useTitle(t.join.bound);
  // Reads what "My inviter" will show, while this is read.
  useBinding();
  const { spot, futures } = binding.sharedCommission;
  const sharesNothing = isZero(spot) && isZero(futures);
  const steps = sharesNothing ? t.join.nextNothing : t.join.next;
  return (
    <div className="narrow after">
      <div role="status">
        <State icon="check" tone="good" level={1} title={t.join.bound}>
          {t.join.boundText({ inviter: binding.inviter })}
          {!sharesNothing && (
            <p>{t.join.nextShared({ spot: f.percent(spot), futures: f.percent(futures) })}</p>
          )}
        </State>
      </div>
      <section className="card" aria-label={t.join.nextTitle}>
        <h2>{t.join.nextTitle}</h2>
        <ol className="next-steps">
          {Object.values(steps).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Link className="button button-primary" href="/inviter">
          {t.join.seeInviter}
        </Link>
      </section>
    </div>
  );
}
