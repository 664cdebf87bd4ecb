import type { Schemas } from "../../api/client";
import { dayAfterQuarter, plusDays } from "../../format/days";
import { compare, isZero, part } from "../../format/decimal";
import type { Formats } from "../../format/formats";
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
  const { next } = tier;
  const change = dayAfterQuarter(tier.until);
  const rate = f.percent(tier.rate);
  return (
    <section
      className="tier"
      aria-label={t.markets[tier.market]}
      data-testid={`tier-${tier.market}`}
    >
      <div>
        <h3>{t.markets[tier.market]}</h3>
        <p className="tier-rate">
          {next
            ? t.dashboard.way({ from: rate, to: f.percent(next.rate), day: f.shortDay(change) })
            : rate}
        </p>
        <p className="help">
          {t.dashboard.tier({ tier: f.count(tier.tier) })} ·{" "}
          {t.dashboard.until({ day: f.day(plusDays(change, -1)) })}
        </p>
      </div>
      {next ? <Way tier={tier} next={next} /> : <p>{t.dashboard.top}</p>}
      {tier.soFar.tier < tier.tier && (
        <p className="notice notice-bad">
          <Icon name="warn" />
          {t.dashboard.atRisk({ tier: f.count(tier.soFar.tier), day: f.shortDay(change) })}
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
      <Progress
        label={t.dashboard.tierVolume}
        text={t.common.of({ part: f.usdWhole(volumeUsd), whole: f.usdWhole(next.volumeUsd) })}
        length={compare(volumeUsd, next.volumeUsd) >= 0 ? 1 : part(volumeUsd, next.volumeUsd)}
      />
      <Progress
        label={t.dashboard.tierTraders}
        text={t.common.of({ part: f.count(newTraders), whole: f.count(next.newTraders) })}
        length={next.newTraders === 0 ? 1 : Math.min(1, newTraders / next.newTraders)}
      />
      <p className="tier-word">{wordOn(tier, next, t, f)}</p>
    </>
  );
}

/** What is missing, or that nothing is. */
function wordOn({ until }: Tier, next: Schemas["NextTier"], t: Texts, f: Formats): string {
  const missing = [];
  if (!isZero(next.missingVolumeUsd)) {
    missing.push(t.dashboard.missingVolume({ usd: f.usd(next.missingVolumeUsd) }));
  }
  if (next.missingNewTraders > 0) {
    const count = next.missingNewTraders;
    missing.push(t.dashboard.missingTraders({ count }));
  }
  if (missing.length === 0) {
    return t.dashboard.reached({ day: f.shortDay(dayAfterQuarter(until)) });
  }
  return t.dashboard.missing({ what: new Intl.ListFormat(f.locale).format(missing) });
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
