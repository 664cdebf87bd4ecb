import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { compare, isZero, part, sum } from "../../format/decimal";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { Amount, Usd } from "../../ui/money";
import { TableScroll } from "../../ui/table";

type Data = { data: Schemas["DashboardSummary"] };

interface Row {
  key: string;
  name: ReactNode;
  fees: string;
  commission: string;
}

interface BreakdownProps {
  title: string;
  first: string;
  rows: Row[];
  whole: string;
}

/** Parts of the commission, each with its length against the whole. */
function Breakdown({ title, first, rows, whole }: BreakdownProps) {
  const { t } = useWords();
  return (
    <Card title={title}>
      <TableScroll label={title}>
        <table>
          <thead>
            <tr>
              <th>{first}</th>
              <th className="number wide">{t.dashboard.feesCharged}</th>
              <th className="number">{t.dashboard.yours}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <td>
                  {row.name}
                  <Bar length={part(row.commission, whole)} />
                </td>
                <td className="number wide">
                  <Usd value={row.fees} />
                </td>
                <td className="number">
                  <Usd value={row.commission} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  );
}

function Bar({ length }: { length: number }) {
  return (
    <svg className="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect className="bar-rest" width="100" height="1" />
      <rect className="bar-part" width={100 * length} height="1" />
    </svg>
  );
}

export function ByProduct({ data }: Data) {
  const { t } = useWords();
  const rows = (["spot", "margin", "futures"] as const).map((product) => ({
    key: product,
    name: t.products[product],
    ...data.byProduct[product].usd,
  }));
  const whole = data.totals.usd.commission;
  return (
    <Breakdown
      title={t.dashboard.byProduct}
      first={t.dashboard.product}
      rows={rows}
      whole={whole}
    />
  );
}

export function ByOrigin({ data }: Data) {
  const { t, f } = useWords();
  const rows = (["recall", "signup"] as const).map((origin) => ({
    key: origin,
    name: (
      <>
        {t.origins[origin]}
        <span className="help"> {f.count(data.counts[origin])}</span>
      </>
    ),
    ...data.byOrigin[origin].usd,
  }));
  const whole = data.totals.usd.commission;
  return (
    <Breakdown title={t.dashboard.byOrigin} first={t.dashboard.origin} rows={rows} whole={whole} />
  );
}

export function ByLink({ data, labels }: Data & { labels: Map<string, string | null> }) {
  const { t, f } = useWords();
  const sorted = [...data.links].sort((a, b) => compare(b.usd.commission, a.usd.commission));
  const rows = sorted.map((link) => ({
    key: link.code,
    name: (
      <>
        {labels.get(link.code) ?? <span className="mono">{link.code}</span>}
        <span className="help"> {f.count(link.invitees)}</span>
      </>
    ),
    ...link.usd,
  }));
  const whole = data.totals.usd.commission;
  return (
    <Breakdown title={t.dashboard.byLink} first={t.dashboard.link} rows={rows} whole={whole} />
  );
}

/** In the assets themselves: what was earned, what is pending, what was paid. */
export function ByAsset({ data }: Data) {
  const { t } = useWords();
  const assets = Object.keys(data.totals.byAsset).sort();
  if (assets.length === 0) return null;
  return (
    <Card title={t.dashboard.byAsset}>
      <TableScroll label={t.dashboard.byAsset}>
        <table>
          <thead>
            <tr>
              <th>{t.dashboard.asset}</th>
              <th className="number">{t.dashboard.feesCharged}</th>
              <th className="number">{t.dashboard.yours}</th>
              <th className="number">{t.dashboard.pending}</th>
              <th className="number">{t.dashboard.paid}</th>
              <th className="number">{t.dashboard.shared}</th>
              <th>
                <span className="hidden">{t.dashboard.seeLines}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {assets.map((asset) => (
              <AssetRow key={asset} asset={asset} data={data} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  );
}

function AssetRow({ asset, data }: Data & { asset: string }) {
  const { t } = useWords();
  const figures = data.totals.byAsset[asset];
  const status = data.commissionByStatus.byAsset[asset];
  if (!figures) return null;
  const open = status ? sum([status.accrued, status.settled, status.reversed]) : "0";
  const cells = [figures.fees, figures.commission, open, status?.paid ?? "0", figures.shared];
  const query = new URLSearchParams({ asset, from: data.from, to: data.to });
  return (
    <tr data-testid={`asset-${asset}`}>
      <th scope="row">{asset}</th>
      {cells.map((value, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns never move
        <td className={`number${isZero(value) ? " faint" : ""}`} key={index}>
          <Amount value={value} />
        </td>
      ))}
      <td className="cell-action">
        <Link className="link" href={`/lines?${query}`}>
          {t.dashboard.seeLines}
          <span className="hidden"> {asset}</span>
        </Link>
      </td>
    </tr>
  );
}
