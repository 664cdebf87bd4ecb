import { useDeferredValue, useState } from "react";
import type { Schemas } from "../../api/client";
import { useDefaultLink, useLatest, useLinks } from "../../api/queries";
import { useWords } from "../../text";
import { Card } from "../../ui/card";
import { CopyButton } from "../../ui/copy";
import { Icon } from "../../ui/icons";
import { Failed, Skeleton } from "../../ui/states";
import { LinkTable } from "./link-table";
import { NewLink } from "./new-link";
import { QrDownload, QrPicture } from "./qr";
import { Share } from "./share";
import { type Rates, ratesOf, Sides } from "./sides";

/** The affiliate's links: the default one first and largest. */
export function Links() {
  const { t } = useWords();
  const link = useDefaultLink();
  const data = useDeferredValue(link.data);
  const latest = useLatest();
  const rates = latest.data && ratesOf(latest.data.tiers);
  return (
    <>
      <div className="view-head">
        <h1>{t.links.title}</h1>
      </div>
      {!link.isError && <p className="lead">{t.links.lead}</p>}
      {!data && !link.isError && <Skeleton tall lines={5} />}
      {link.isError && <Failed error={link.error} retry={() => link.refetch()} />}
      {data && (
        <>
          <DefaultLink link={data} rates={rates} />
          <AllLinks rates={rates} />
          <Original link={data} />
        </>
      )}
    </>
  );
}

interface LinkProps {
  link: Schemas["Link"];
  rates: Rates | undefined;
}

function DefaultLink({ link, rates }: LinkProps) {
  const { t } = useWords();
  const recalls = link.invites.includes("existing");
  return (
    <section className="card hero" aria-label={t.links.yours}>
      <div className="hero-main">
        <span className={`badge badge-${recalls ? "good" : "plain"}`}>
          <Icon name="check" />
          {recalls ? t.links.invitesBoth : t.links.invitesNew}
        </span>
        <p className="address" data-testid="default-link">
          {link.url}
        </p>
        <div className="row">
          <CopyButton text={link.url} primary />
          <Share link={link} />
        </div>
        <Sides rates={rates} shared={link.sharedCommission} />
      </div>
      <div className="hero-qr">
        <QrPicture link={link} />
        <QrDownload link={link} />
      </div>
    </section>
  );
}

function AllLinks({ rates }: { rates: Rates | undefined }) {
  const { t, f } = useWords();
  const links = useLinks();
  const [making, setMaking] = useState(false);
  const full = links.data && links.data.links.length >= links.data.maxLinks;
  const most = links.data?.maxLinks ?? 0;
  const make = (
    <button
      type="button"
      className="button"
      disabled={!links.data || full}
      onClick={() => setMaking(true)}
    >
      <Icon name="plus" />
      {t.links.new}
    </button>
  );
  const used =
    links.data && t.links.count({ used: f.count(links.data.links.length), most: f.count(most) });
  return (
    <Card
      title={t.links.all}
      {...(used && { help: full ? t.links.full({ most }) : used })}
      aside={make}
    >
      {links.isPending && <Skeleton lines={2} />}
      {links.isError && <Failed error={links.error} retry={() => links.refetch()} />}
      {links.data && <LinkTable links={links.data.links} />}
      {links.data && (
        <NewLink
          open={making}
          onClose={() => setMaking(false)}
          choices={links.data.sharedCommissionChoices}
          rates={rates}
        />
      )}
    </Card>
  );
}

function Original({ link }: { link: Schemas["Link"] }) {
  const { t } = useWords();
  return (
    <Card title={t.links.original} className="card-plain">
      <div className="row row-between">
        <p className="address address-small">{link.original.url}</p>
        <CopyButton text={link.original.url} />
      </div>
      <ul className="points">
        <li className="point-good">
          <Icon name="check" />
          {t.links.originalCan}
        </li>
        <li className="point-bad">
          <Icon name="cross" />
          {t.links.originalCannot}
        </li>
      </ul>
    </Card>
  );
}
