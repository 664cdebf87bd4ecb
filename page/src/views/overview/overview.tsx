import { Link } from "wouter";
import type { Schemas } from "../../api/client";
import { covers, useKept } from "../../api/kept";
import { useDashboard, useDefaultLink, useLatest } from "../../api/queries";
import { lastDayBefore, plusDays } from "../../format/days";
import type { Days } from "../../format/range";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { CopyButton } from "../../ui/copy";
import { Failed, Skeleton } from "../../ui/states";
import { Tiers } from "../dashboard/tiers";
import { Freshness } from "../freshness";
import { Share } from "../links/share";
import { Notices } from "../notices";
import { StillShowing } from "../still-showing";
import { Activity } from "./activity";
import { Attention } from "./attention";
import { Cards } from "./cards";
import { OVERVIEW_DAYS } from "./figures";

/** The home of an affiliate who has invitees: what happened, and what to do. */
export default function Overview() {
  const { t } = useWords();
  const latest = useLatest();
  const month = useKept(latest).data;
  const days = month && lastDays(month);
  const quarter = useDashboard(days);
  const shown = useKept(quarter).data;
  const failed = [latest, quarter].find((query) => query.isError);
  const retry = () => failed?.refetch();
  return (
    <>
      <div className="view-head view-head-sticky">
        <h1>{t.overview.title}</h1>
        {(month || !failed) && <Freshness dataAsOf={month?.dataAsOf} />}
      </div>
      <div className="stack-wide">
        {failed && !shown && <Failed error={failed.error} retry={retry} />}
        {failed && shown && (
          <StillShowing
            error={failed.error}
            wanted={covers(shown, days) ? undefined : days}
            shown={shown}
            retry={retry}
          />
        )}
        {!shown && !failed && <CardsPlace />}
        {month && <Notices notices={month.notices} />}
        {shown && <Cards data={shown} latest={month} />}
        <YourLink />
        {month && <Tiers tiers={month.tiers} />}
        {shown && month && (
          <div className="columns">
            <Activity data={shown} />
            <Attention month={month} />
          </div>
        )}
        <p className="row row-end">
          <Link className="link" href="/dashboard">
            {t.overview.details}
          </Link>
        </p>
      </div>
    </>
  );
}

/** Keeps the place of the figures, so that nothing moves when they come. */
function CardsPlace() {
  return (
    <div className="overview-cards">
      {["yesterday", "month", "pending", "paid"].map((name) => (
        <div className="card overview-place" key={name}>
          <Skeleton lines={3} />
        </div>
      ))}
    </div>
  );
}

/** The last closed days, enough for all that is compared. */
function lastDays({ dataAsOf, to }: Schemas["DashboardSummary"]): Days {
  const last = dataAsOf ? lastDayBefore(dataAsOf) : to;
  return { from: plusDays(last, 1 - OVERVIEW_DAYS), to: last };
}

function YourLink() {
  const { t } = useWords();
  const link = useDefaultLink();
  // Someone who left the programme keeps the figures and has no link.
  if (link.isError) return null;
  const all = (
    <Link className="link" href="/links">
      {t.overview.allLinks}
    </Link>
  );
  return (
    <Card title={t.overview.link} aside={all} className="your-link">
      {link.data ? (
        <div className="row row-between">
          <p className="address address-small" data-testid="default-link">
            {link.data.url}
          </p>
          <div className="row">
            <CopyButton text={link.data.url} primary />
            <Share link={link.data} />
          </div>
        </div>
      ) : (
        <Skeleton lines={1} />
      )}
    </Card>
  );
}
