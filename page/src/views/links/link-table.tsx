import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import type { Schemas } from "../../api/client";
import { useChangeLink } from "../../api/queries";
import { useConfig } from "../../config";
import { isZero } from "../../format/decimal";
import { useWords } from "../../text";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icons";
import { Menu, MenuItem } from "../../ui/menu";
import { Labelled } from "../../ui/select";
import { sentence } from "../../ui/states";
import { TableScroll } from "../../ui/table";
import { say } from "../../ui/toasts";
import { QrDownload, QrPicture } from "./qr";

type Link = Schemas["CountedLink"];

/** What an action of the list opens. */
type Opened = { what: "qr" | "label"; link: Link } | null;

export function LinkTable({ links }: { links: Link[] }) {
  const { t, f } = useWords();
  const [opened, setOpened] = useState<Opened>(null);
  const close = () => setOpened(null);
  return (
    <>
      <TableScroll label={t.links.all}>
        <table>
          <thead>
            <tr>
              <th>{t.links.link}</th>
              <th className="number">{t.links.invitees}</th>
              <th className="number">
                {t.links.shared}
                <span className="th-note">
                  {t.markets.spot} · {t.markets.futures}
                </span>
              </th>
              <th className="wide">{t.links.made}</th>
              <th>
                <span className="hidden">{t.common.details}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {links.map((link) => (
              <tr key={link.code}>
                <td>
                  <span className="link-name">
                    <span className={link.label ? "" : "faint"}>
                      {link.label ?? t.links.noLabel}
                    </span>
                    {link.default && <span className="badge">{t.links.isDefault}</span>}
                  </span>
                  <span className="help mono">{link.code}</span>
                </td>
                <td className="number">{f.count(link.invitees)}</td>
                <td className="number">
                  <Shared shared={link.sharedCommission} />
                </td>
                <td className="wide">{f.day(link.createdAt.slice(0, 10))}</td>
                <td className="cell-action">
                  <Actions link={link} open={setOpened} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
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
  const copy = async () => {
    await navigator.clipboard.writeText(link.url);
    say(t.common.copied);
  };
  const makeDefault = () =>
    change.mutate(
      { code: link.code, change: { default: true } },
      {
        onSuccess: () => say(t.links.madeDefault),
        onError: (error) => say(sentence(error, t), "bad"),
      },
    );
  return (
    <Menu
      button={<Icon name="more" />}
      className="button button-quiet button-icon"
      label={t.links.actions(link.label ?? link.code)}
    >
      <MenuItem icon="copy" onClick={copy}>
        {t.links.copyLink}
      </MenuItem>
      <MenuItem icon="qr" onClick={() => open({ what: "qr", link })}>
        {t.links.showQr}
      </MenuItem>
      <MenuItem icon="star" disabled={link.default} onClick={makeDefault}>
        {t.links.makeDefault}
      </MenuItem>
      <MenuItem icon="lines" onClick={() => open({ what: "label", link })}>
        {t.links.rename}
      </MenuItem>
      {signIn.kind === "sandbox" && (
        <MenuItem icon="right" onClick={() => navigate(`/join?ref=${link.code}`)}>
          {t.links.openAsInvitee}
        </MenuItem>
      )}
    </Menu>
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
