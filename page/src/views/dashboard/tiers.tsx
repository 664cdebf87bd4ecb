import type { Schemas } from "../../api/client";
import { compare, isZero, part } from "../../format/decimal";
import { type Texts, useWords } from "../../text";
import { Card } from "../../ui/card";
import { Icon } from "../../ui/icons";

type Tier = Schemas["MarketTier"];

/** The tier in force in each market, and the way to the next. */
export function Tiers({ tiers }: { tiers: Tier[] }) {
  const { t } = useWords();
  return (
    <Card title={t.dashboard.tiers} help={t.dashboard.recallNote}>
      <div className="columns">
        {tiers.map((tier) => (
          <MarketTier key={tier.market} tier={tier} />
        ))}
      </div>
    </Card>
  );
}

function MarketTier({ tier }: { tier: Tier }) {
  const { t, f } = useWords();
  return (
    <section className="tier" aria-label={t.markets[tier.market]}>
      <div className="row row-between">
        <div>
          <h3>{t.markets[tier.market]}</h3>
          <p className="help">
            {t.dashboard.tier(f.count(tier.tier))} · {t.dashboard.until(tier.until)}
          </p>
        </div>
        <p className="tier-rate">{f.percent(tier.rate)}</p>
      </div>
      {tier.next ? <Way tier={tier} next={tier.next} /> : <p>{t.dashboard.top}</p>}
      {tier.soFar.tier < tier.tier && (
        <p className="notice">
          <Icon name="info" />
          {t.dashboard.atRisk(f.count(tier.soFar.tier))}
        </p>
      )}
    </section>
  );
}

function Way({ tier, next }: { tier: Tier; next: Schemas["NextTier"] }) {
  const { t, f } = useWords();
  const { volumeUsd, newTraders } = tier.soFar;
  return (
    <>
      <p className="tier-next">{t.dashboard.nextTier(f.count(next.tier), f.percent(next.rate))}</p>
      <Progress
        label={t.dashboard.tierVolume}
        text={t.common.of(f.usd(volumeUsd), f.usd(next.volumeUsd))}
        length={compare(volumeUsd, next.volumeUsd) >= 0 ? 1 : part(volumeUsd, next.volumeUsd)}
      />
      <Progress
        label={t.dashboard.tierTraders}
        text={t.common.of(f.count(newTraders), f.count(next.newTraders))}
        length={next.newTraders === 0 ? 1 : Math.min(1, newTraders / next.newTraders)}
      />
      <p className="tier-word">{wordOn(next, t, f)}</p>
    </>
  );
}

/** What is missing, or that nothing is. */
function wordOn(next: Schemas["NextTier"], t: Texts, f: ReturnType<typeof useWords>["f"]): string {
  const missing = [];
  if (!isZero(next.missingVolumeUsd)) {
    missing.push(t.dashboard.missingVolume(f.usd(next.missingVolumeUsd)));
  }
  if (next.missingNewTraders > 0) {
    const count = next.missingNewTraders;
    missing.push(t.dashboard.missingTraders(f.count(count), count));
  }
  if (missing.length === 0) return t.dashboard.reached;
  return t.dashboard.missing(new Intl.ListFormat(f.locale).format(missing));
}

function Progress({ label, text, length }: { label: string; text: string; length: number }) {
  return (
    <div className="meter">
      <div className="row row-between">
        <span className="meter-label">{label}</span>
        <span className="meter-text">{text}</span>
      </div>
      <meter
        className={`meter-track${length >= 1 ? " meter-full" : ""}`}
        value={length}
        max={1}
        aria-label={label}
        aria-valuetext={text}
      />
    </div>
  );
}
