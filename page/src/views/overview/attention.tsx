import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { dayAfterQuarter } from "../../format/days";
import { isZero } from "../../format/decimal";
import type { Formats } from "../../format/formats";
import { type Texts, useWords } from "../../text";
import { Card } from "../../ui/card";
import { Icon, type IconName } from "../../ui/icons";
import { linesOf } from "../dashboard/zeros";

/** So many of the reasons for zeros are named. */
const REASONS = 2;

interface Point {
  key: string;
  icon: IconName;
  words: string;
  href: string;
}

/** What may be worth acting on. `month` is the last 30 days. */
export function Attention({ month }: { month: Schemas["DashboardSummary"] }) {
  const { t, f } = useWords();
  const points = [...tiersOf(month, t, f), ...zerosOf(month, t), ...restOf(month, t, f)];
  return (
    <Card title={t.overview.attention}>
      {points.length === 0 && (
        <p className="with-icon">
          <Icon name="check" />
          {t.overview.attentionNone}
        </p>
      )}
      <ul className="activity">
        {points.map(({ key, icon, words, href }) => (
          <li key={key}>
            <Link className="activity-item" href={href}>
              <Icon name={icon} />
              <span>{words}</span>
              <span className="activity-more">{t.overview.review}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function tiersOf({ tiers }: Schemas["DashboardSummary"], t: Texts, f: Formats): Point[] {
  return tiers
    .filter((tier) => tier.soFar.tier < tier.tier)
    .map((tier) => ({
      key: `tier ${tier.market}`,
      icon: "warn",
      words: t.overview.atRisk({
        market: t.markets[tier.market],
        tier: f.count(tier.soFar.tier),
        day: f.shortDay(dayAfterQuarter(tier.until)),
      }),
      href: "/dashboard?range=quarter",
    }));
}

function zerosOf(month: Schemas["DashboardSummary"], t: Texts): Point[] {
  return [...month.zeros]
    .filter((zero) => zero.feeCount > 0)
    .sort((a, b) => b.feeCount - a.feeCount)
    .slice(0, REASONS)
    .map(({ reason, feeCount }) => ({
      key: `zero ${reason}`,
      icon: "info",
      words: t.overview.unpaid({
        count: feeCount,
        why: t.zeroReasons[reason as Schemas["ZeroReason"]],
      }),
      href: linesOf(reason, month),
    }));
}

function restOf(month: Schemas["DashboardSummary"], t: Texts, f: Formats): Point[] {
  const points: Point[] = [];
  const { reversed } = month.commissionByStatus.usd;
  if (!isZero(reversed)) {
    points.push({
      key: "reversed",
      icon: "info",
      words: t.overview.reversed({ usd: f.usd(reversed.replace("-", "")) }),
      href: `/earnings?${new URLSearchParams({ status: "reversed", from: month.from, to: month.to })}`,
    });
  }
  const idle = month.counts.invitees - month.counts.active;
  if (idle > 0) {
    points.push({
      key: "idle",
      icon: "people",
      words: t.overview.idle({ count: idle }),
      href: "/invitees?status=no_trades_yet",
    });
  }
  return points;
}
