import { useState } from "react";
import { raw } from "../../api/client";
import { save } from "../../api/export";
import { usePicture } from "../../api/queries";
import { useWords } from "../../text";
import { Icon } from "../../ui/icons";
import { late, useLate } from "../../ui/late";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import { sentence } from "../../ui/states";
import { say } from "../../ui/toasts";
import type { PosterLink as Link } from "./poster-window";
import { useAddress } from "./use-address";

const posterWindow = late(async () => (await import("./poster-window")).PosterWindow);

/** Edges in pixels: for a post, a slide, a poster. */
const SIZES = [256, 512, 1024, 2048];

export function QrPicture({ link }: { link: Link }) {
  const { t } = useWords();
  const picture = usePicture(link.qrCode.svg);
  const address = useAddress(picture.data);
  if (picture.isError) return <p className="qr qr-failed">{t.links.qrFailed}</p>;
  if (!address) return <div className="qr skeleton-bar" />;
  return (
    <img
      className="qr"
      src={address}
      alt={t.links.qrOf({ url: link.url })}
      width="220"
      height="220"
    />
  );
}

export function QrDownload({ link }: { link: Link }) {
  const { t, f } = useWords();
  const { code: PosterWindow, load } = useLate(posterWindow);
  const [posterOpen, setPosterOpen] = useState(false);
  const openPoster = () =>
    load().then(
      () => setPosterOpen(true),
      () => say(t.problems.partMissing, "bad"),
    );
  const download = async (path: string, name: string) => {
    try {
      save(name, await (await raw(path, "image/*")).blob());
    } catch (error) {
      say(sentence(error, t), "bad");
    }
  };
  return (
    <>
      <Menu
        button={
          <>
            <Icon name="download" />
            {t.links.download}
          </>
        }
      >
        <MenuItem icon="qr" onClick={openPoster}>
          {t.sharing.poster}
        </MenuItem>
        <MenuSeparator />
        <MenuItem onClick={() => download(link.qrCode.svg, `${link.code}.svg`)}>
          {t.links.downloadSvg}
        </MenuItem>
        {SIZES.map((size) => (
          <MenuItem
            key={size}
            onClick={() => download(`${link.qrCode.png}&size=${size}`, `${link.code}-${size}.png`)}
          >
            {t.links.downloadPng({ size: f.count(size) })}
          </MenuItem>
        ))}
      </Menu>
      {PosterWindow && posterOpen && (
        <PosterWindow link={link} open close={() => setPosterOpen(false)} />
      )}
    </>
  );
}
