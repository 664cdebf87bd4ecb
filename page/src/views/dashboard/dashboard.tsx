import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { useKept } from "../../api/kept";
import { useDashboard, useLinks } from "../../api/queries";
import { useWords } from "../../text";
import { Failed, Skeleton, State } from "../../ui/states";
import { ExportMenu } from "../export-menu";
import { Freshness, NotFinal } from "../freshness";
import { Notices } from "../notices";
import { RangePicker } from "../range-picker";
import { StillShowing } from "../still-showing";
import { useRange } from "../use-range";
import { ByAsset, ByLink, ByOrigin, ByProduct } from "./breakdowns";
import { OverTime } from "./over-time";
import { Tiers } from "./tiers";
import { Totals } from "./totals";
import { Zeros } from "./zeros";

/** What was earned in a range, from all sides. */
export default function Dashboard() {
  const { t } = useWords();
  const chosen = useRange();
  const dashboard = useDashboard(chosen.days);
  const { data, isOlder } = useKept(dashboard);
  const failed = dashboard.isError ? dashboard : chosen.failed;
  const retry = () => failed?.refetch();
  return (
    <>
      <div className="view-head view-head-sticky">
        <h1>{t.dashboard.title}</h1>
        {(data || !failed) && <Freshness dataAsOf={data?.dataAsOf} />}
      </div>
      <div className="toolbar">
        <RangePicker {...chosen} />
        <ExportMenu days={chosen.days} filter={{}} />
      </div>
      {failed && !data && <Failed error={failed.error} retry={retry} />}
      {failed && data && (
        <StillShowing error={failed.error} wanted={chosen.days} shown={data} retry={retry} />
      )}
      {!data && !failed && <Skeleton tall lines={8} />}
      {data && (
        <div aria-busy={isOlder && !failed} className="stack-wide">
          <Notices notices={data.notices} />
          <NotFinal covered={data} />
          {data.counts.invitees === 0 && data.feeCount === 0 && <FirstStep />}
          <Figures data={data} />
        </div>
      )}
    </>
  );
}

function FirstStep() {
  const { t } = useWords();
  const action = (
    <Link className="button button-primary" href="/links">
      {t.dashboard.firstStepAction}
    </Link>
  );
  return (
    <section className="card">
      <State icon="share" title={t.dashboard.firstStepTitle} action={action}>
        {t.dashboard.firstStepText}
      </State>
    </section>
  );
}

function Figures({ data }: { data: Schemas["DashboardSummary"] }) {
  const links = useLinks();
  const labels = new Map(links.data?.links.map((link) => [link.code, link.label]) ?? []);
  return (
    <>
      <Totals data={data} />
      <Tiers tiers={data.tiers} />
      {data.counts.invitees > 0 && (
        <>
          <OverTime data={data} />
          <div className="columns">
            <ByProduct data={data} />
            <ByOrigin data={data} />
            <ByLink data={data} labels={labels} />
            <Zeros data={data} />
          </div>
          <ByAsset data={data} />
        </>
      )}
    </>
  );
}
