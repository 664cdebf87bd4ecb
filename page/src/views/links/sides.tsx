import type { Schemas } from "../../api/client";
import { compare, isZero, part, subtract } from "../../format/decimal";
import { useWords } from "../../text";

type Market = Schemas["Market"];

/** The base rates that are in force, by market. */
export type Rates = Partial<Record<Market, string>>;

export function ratesOf(tiers: Schemas["MarketTier"][]): Rates {
  return Object.fromEntries(tiers.map((tier) => [tier.market, tier.rate]));
}

/** How a base rate is split: where it falls below the shared part, all of it is the invitee's. */
export function split(rate: string, shared: string): { you: string; they: string } {
  const they = compare(shared, rate) > 0 ? rate : shared;
  return { you: trimmed(subtract(rate, they)), they };
}

/** Without the zeros that a difference of unequal lengths ends with. */
function trimmed(rate: string): string {
  return rate.includes(".") ? rate.replace(/\.?0+$/, "") : rate;
}

interface Props {
  rates: Rates | undefined;
  shared: Schemas["SharedCommission"];
}

/** What each side gets by a link. */
export function Sides({ rates, shared }: Props) {
  const { t } = useWords();
  return (
    <div className="sides">
      <Side market="spot" rate={rates?.spot} shared={shared.spot} />
      <Side market="futures" rate={rates?.futures} shared={shared.futures} />
      <p className="help">{t.links.tierNote}</p>
    </div>
  );
}

interface SideProps {
  market: Market;
  rate: string | undefined;
  shared: string;
}

export function Side({ market, rate, shared }: SideProps) {
  const { t, f } = useWords();
  const parts = rate === undefined ? undefined : split(rate, shared);
  return (
    <dl className="side">
      <div className="side-market">
        <dt>{t.markets[market]}</dt>
        <dd className="help">{t.links.ofFees}</dd>
      </div>
      <div>
        <dt>{t.links.youEarn}</dt>
        <dd className="side-figure side-you">
          {parts ? f.percent(parts.you) : <Pending text={t.common.toCome} />}
        </dd>
      </div>
      <div>
        <dt>{t.links.theyGet}</dt>
        <dd className="side-figure">
          {isZero(shared) ? t.links.sharesNothing : f.percent(parts?.they ?? shared)}
        </dd>
      </div>
      {parts && rate !== undefined && <SplitBar rate={rate} they={parts.they} />}
    </dl>
  );
}

function Pending({ text }: { text: string }) {
  return (
    <>
      …<span className="hidden">{text}</span>
    </>
  );
}

/** The two parts as lengths. */
function SplitBar({ rate, they }: { rate: string; they: string }) {
  return (
    <svg className="split" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect className="split-you" width="100" height="4" />
      <rect
        className="split-they"
        x={100 - 100 * part(they, rate)}
        width={100 * part(they, rate)}
        height="4"
      />
    </svg>
  );
}
