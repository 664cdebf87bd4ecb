import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { compare, part, sum } from "../../format/decimal";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { Amount, Usd } from "../../ui/money";
import { type Column, DataTable } from "../../ui/table";

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

/** Parts of the earnings, each with its length against the whole. */
function Breakdown({ title, first, rows, whole }: BreakdownProps) {
  const { t } = useWords();
  const columns: Column<Row>[] = [
    {
      key: "name",
      head: first,
      card: "title",
      cell: (row) => (
        <>
          {row.name}
          <Bar length={part(row.commission, whole)} />
        </>
      ),
    },
    {
      key: "fees",
      head: t.dashboard.feesCharged,
      isNumber: true,
      cell: (row) => <Usd value={row.fees} />,
    },
    {
      key: "commission",
      head: t.dashboard.yours,
      isNumber: true,
      card: "figure",
      cell: (row) => <Usd value={row.commission} />,
    },
  ];
  return (
    <Card title={title}>
      <DataTable
        label={title}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.key}
        narrow={480}
      />
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
  const { t } = useWords();
  const rows = (["recall", "signup"] as const).map((origin) => ({
    key: origin,
    name: (
      <>
        {t.origins[origin]}
        <span className="row-note">{t.dashboard.inviteeCount({ count: data.counts[origin] })}</span>
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
  const { t } = useWords();
  const sorted = [...data.links].sort((a, b) => compare(b.usd.commission, a.usd.commission));
  const rows = sorted.map((link) => ({
    key: link.code,
    name: (
      <>
        {labels.get(link.code) ?? <span className="mono">{link.code}</span>}
        <span className="row-note">{t.dashboard.inviteeCount({ count: link.invitees })}</span>
      </>
    ),
    ...link.usd,
  }));
  const whole = data.totals.usd.commission;
  return (
    <Breakdown title={t.dashboard.byLink} first={t.dashboard.link} rows={rows} whole={whole} />
  );
}

/** In the assets themselves, exactly: what was earned, what is pending, what was paid. */
export function ByAsset({ data }: Data) {
  const { t } = useWords();
  const assets = Object.keys(data.totals.byAsset).sort();
  if (assets.length === 0) return null;
  const amount = (key: string, head: string, of: (asset: string) => string): Column<string> => ({
    key,
    head,
    isNumber: true,
    card: key === "commission" ? "figure" : "fact",
    cell: (asset) => <Amount value={of(asset)} />,
  });
  const figures = (asset: string) => data.totals.byAsset[asset];
  const statuses = (asset: string) => data.commissionByStatus.byAsset[asset];
  const columns: Column<string>[] = [
    {
      key: "asset",
      head: t.dashboard.asset,
      isRowHead: true,
      card: "title",
      cell: (asset) => <b>{asset}</b>,
    },
    amount("fees", t.dashboard.feesCharged, (asset) => figures(asset)?.fees ?? "0"),
    amount("commission", t.dashboard.yours, (asset) => figures(asset)?.commission ?? "0"),
    amount("pending", t.dashboard.pending, (asset) => {
      const status = statuses(asset);
      return status ? sum([status.accrued, status.settled, status.reversed]) : "0";
    }),
    amount("paid", t.dashboard.paid, (asset) => statuses(asset)?.paid ?? "0"),
    amount("shared", t.dashboard.shared, (asset) => figures(asset)?.shared ?? "0"),
    {
      key: "lines",
      head: t.dashboard.seeLines,
      isHeadHidden: true,
      isNumber: true,
      card: "plain",
      cell: (asset) => <AssetLink asset={asset} data={data} />,
    },
  ];
  return (
    <Card title={t.dashboard.byAsset}>
      <DataTable
        label={t.dashboard.byAsset}
        columns={columns}
        rows={assets}
        keyOf={(asset) => asset}
        testIdOf={(asset) => `asset-${asset}`}
        narrow={1000}
      />
    </Card>
  );
}

function AssetLink({ asset, data }: Data & { asset: string }) {
  const { t } = useWords();
  const query = new URLSearchParams({ asset, from: data.from, to: data.to });
  return (
    <Link className="link" href={`/earnings?${query}`}>
      {t.dashboard.seeLines}
      <span className="hidden"> {asset}</span>
    </Link>
  );
}
