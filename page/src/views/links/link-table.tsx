import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "../../api/client";
import { useChangeLink } from "../../api/queries";
import { useConfig } from "../../config";
import { isZero } from "../../format/decimal";
import { type Texts, useWords } from "../../text";
import { Dialog } from "../../ui/dialog";
import { Icon, type IconName } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { Labelled } from "../../ui/select";
import { sentence } from "../../ui/states";
import { type Column, DataTable } from "../../ui/table";
import { say } from "../../ui/toasts";
import { QrDownload, QrPicture } from "./qr";
import { ICON_BUTTON, Share } from "./share";

type Link = Schemas["CountedLink"];

/** What an action of the list opens. */
type Opened = { what: "qr" | "label"; link: Link } | null;

/** The links, and below them, folded, those that are archived. */
export function LinkTable({ links }: { links: Link[] }) {
  const { t } = useWords();
  const [opened, setOpened] = useState<Opened>(null);
  const close = () => setOpened(null);
  const archived = links.filter((link) => link.archived);
  const columns = [...columnsOf(t), actionsOf(t, setOpened)];
  return (
    <>
      <DataTable
        label={t.links.all}
        columns={columns}
        rows={links.filter((link) => !link.archived)}
        keyOf={(link) => link.code}
        testIdOf={() => "link"}
      />
      {archived.length > 0 && (
        <details className="archive">
          <summary className="archive-name">
            {t.links.archivedCount({ count: archived.length })}
          </summary>
          <p className="help">{t.links.archivedHelp}</p>
          <DataTable
            label={t.links.archivedCount({ count: archived.length })}
            columns={columns}
            rows={archived}
            keyOf={(link) => link.code}
            testIdOf={() => "archived-link"}
          />
        </details>
      )}
      <Dialog open={opened?.what === "qr"} onClose={close} title={t.links.qr}>
        {opened && (
          <div className="qr-window">
            <QrPicture link={opened.link} />
            <p className="address address-small">{opened.link.url}</p>
            <QrDownload link={opened.link} />
          </div>
        )}
      </Dialog>
      <Dialog open={opened?.what === "label"} onClose={close} title={t.links.rename}>
        {opened && <Rename link={opened.link} close={close} />}
      </Dialog>
    </>
  );
}

function columnsOf(t: Texts): Column<Link>[] {
  return [
    {
      key: "link",
      head: t.links.link,
      card: "title",
      cell: (link) => (
        <>
          <span className="link-name">
            <span className={link.label ? "" : "faint"}>{link.label ?? t.links.noLabel}</span>
            {link.default && <span className="badge">{t.links.isDefault}</span>}
          </span>
          <span className="help mono">{link.code}</span>
        </>
      ),
    },
    {
      key: "invitees",
      head: t.links.invitees,
      isNumber: true,
      cell: (link) => <Count value={link.invitees} />,
    },
    {
      key: "shared",
      head: t.links.shared,
      note: `${t.markets.spot} · ${t.markets.futures}`,
      isNumber: true,
      cell: (link) => <Shared shared={link.sharedCommission} />,
    },
    {
      key: "made",
      head: t.links.made,
      isWide: true,
      cell: (link) => <DayOf at={link.createdAt} />,
    },
  ];
}

function actionsOf(t: Texts, open: (opened: Opened) => void): Column<Link> {
  return {
    key: "actions",
    head: t.common.details,
    isHeadHidden: true,
    isNumber: true,
    card: "figure",
    cell: (link) => <Actions link={link} open={open} />,
  };
}

function Count({ value }: { value: number }) {
  const { f } = useWords();
  return f.count(value);
}

function DayOf({ at }: { at: string }) {
  const { f } = useWords();
  return f.day(at.slice(0, 10));
}

function Shared({ shared }: { shared: Schemas["SharedCommission"] }) {
  const { t, f } = useWords();
  if (isZero(shared.spot) && isZero(shared.futures)) {
    return <span className="faint">{t.links.sharesNothing}</span>;
  }
  return (
    <>
      {f.percent(shared.spot)} · {f.percent(shared.futures)}
    </>
  );
}

function Actions({ link, open }: { link: Link; open: (opened: Opened) => void }) {
  const { t } = useWords();
  const { signIn } = useConfig();
  const [, navigate] = useLocation();
  const change = useChangeLink();
  const copy = () =>
    navigator.clipboard.writeText(link.url).then(
      () => say(t.common.copied),
      () => say(t.problems.title, "bad"),
    );
  const make = (wanted: Schemas["LinkChange"], done: string) =>
    change.mutate(
      { code: link.code, change: wanted },
      { onSuccess: () => say(done), onError: (error) => say(sentence(error, t), "bad") },
    );
  const name = link.label ?? link.code;
  return (
    <span className="row row-tight row-end">
      <IconButton icon="copy" label={t.links.copyOf({ name })} onClick={copy} />
      <Share link={link} name={name} />
      <IconButton
        icon="qr"
        label={t.links.showQrOf({ name })}
        onClick={() => open({ what: "qr", link })}
      />
      <Menu button={<Icon name="more" />} className={ICON_BUTTON} label={t.links.actions({ name })}>
        {!link.archived && (
          <MenuItem
            icon="star"
            disabled={link.default}
            onClick={() => make({ default: true }, t.links.madeDefault)}
          >
            {t.links.makeDefault}
          </MenuItem>
        )}
        <MenuItem icon="lines" onClick={() => open({ what: "label", link })}>
          {t.links.rename}
        </MenuItem>
        {link.archived ? (
          <MenuItem icon="up" onClick={() => make({ archived: false }, t.links.restored)}>
            {t.links.restore}
          </MenuItem>
        ) : (
          <MenuItem
            icon="down"
            disabled={link.default}
            onClick={() => make({ archived: true }, t.links.archived)}
          >
            {t.links.archive}
          </MenuItem>
        )}
        {signIn.kind === "sandbox" && (
          <MenuItem icon="right" onClick={() => navigate(`/join?ref=${link.code}`)}>
            {t.links.openAsInvitee}
          </MenuItem>
        )}
      </Menu>
    </span>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  onClick: () => void;
}

function IconButton({ icon, label, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      className={ICON_BUTTON}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

function Rename({ link, close }: { link: Link; close: () => void }) {
  const { t } = useWords();
  const [label, setLabel] = useState(link.label ?? "");
  const change = useChangeLink();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { code: link.code, change: { label: label.trim() || null } },
      {
        onSuccess: () => {
          say(t.links.renamed);
          close();
        },
      },
    );
  };
  const error = change.error ? sentence(change.error, t) : undefined;
  return (
    <form className="stack" onSubmit={submit}>
      <Labelled label={t.links.label} help={t.links.removeLabel} error={error}>
        {(id, below) => (
          <input
            id={id}
            aria-describedby={below}
            maxLength={64}
            autoComplete="off"
            value={label}
            onChange={(event) => setLabel(event.target.value)}
          />
        )}
      </Labelled>
      <div className="row row-end">
        <button type="submit" className="button button-primary" disabled={change.isPending}>
          {t.links.save}
        </button>
      </div>
    </form>
  );
}
