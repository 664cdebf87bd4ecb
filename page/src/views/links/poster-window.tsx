import { useQuery } from "@tanstack/react-query";
import { raw, type Schemas } from "../../api/client";
import { save } from "../../api/export";
import { benefit } from "../../landing/benefit";
import { useWords } from "../../text";
import { directionOf } from "../../text/languages";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icons";
import { useBrand, useProgramme } from "../../ui/programme";
import { Failed, Skeleton } from "../../ui/states";
import { say } from "../../ui/toasts";
import { HEIGHT, type Measure, posterOf, WIDTH } from "./poster";
import { posterColours } from "./poster-colours";
import { useAddress } from "./use-address";

export type PosterLink = Pick<Schemas["Link"], "code" | "url" | "qrCode" | "sharedCommission">;

/** Pixels of the PNG for one of the poster's units: sharp on a screen and on A5. */
const PNG_SCALE = 2;

interface Props {
  link: PosterLink;
  open: boolean;
  close: () => void;
}

/** The poster as it will be saved, drawn in the browser. */
export function PosterWindow({ link, open, close }: Props) {
  const { t } = useWords();
  return (
    <Dialog open={open} onClose={close} title={t.sharing.posterTitle} lead={t.sharing.posterLead}>
      <Content link={link} />
    </Dialog>
  );
}

function Content({ link }: { link: PosterLink }) {
  const { t, f } = useWords();
  const brand = useBrand();
  const { colour } = useProgramme();
  const headline = benefit(link.sharedCommission, t.benefit, f.percent) ?? t.sharing.posterHeadline;
  const poster = useQuery({
    queryKey: ["poster", link.code, brand, colour, headline],
    queryFn: async ({ signal }) => {
      const qr = await (await raw(link.qrCode.svg, "image/svg+xml", signal)).text();
      const direction = directionOf(f.language);
      const content = {
        brand,
        headline,
        scan: t.sharing.posterScan,
        direction,
        url: link.url,
        qr,
        colours: posterColours(colour),
      };
      return new Blob([posterOf(content, measure())], { type: "image/svg+xml" });
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  const address = useAddress(poster.data);
  if (poster.isError) return <Failed error={poster.error} retry={() => poster.refetch()} />;
  if (!poster.data || !address) return <Skeleton tall lines={4} />;
  const savePng = async () => {
    try {
      save(`${link.code}-poster.png`, await asPng(address));
    } catch {
      say(t.sharing.posterFailed, "bad");
    }
  };
  return (
    <>
      <img
        className="poster"
        src={address}
        alt={t.sharing.posterOf({ headline, url: link.url })}
        width={WIDTH}
        height={HEIGHT}
      />
      <div className="poster-actions">
        <button type="button" className="button button-primary" onClick={savePng}>
          <Icon name="download" />
          {t.sharing.posterPng}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => save(`${link.code}-poster.svg`, poster.data)}
        >
          <Icon name="download" />
          {t.sharing.posterSvg}
        </button>
      </div>
    </>
  );
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  return context;
}

function measure(): Measure {
  const context = contextOf(document.createElement("canvas"));
  return (text, size, weight) => {
    context.font = `${weight} ${size}px Inter, system-ui, sans-serif`;
    return context.measureText(text).width;
  };
}

async function asPng(address: string): Promise<Blob> {
  const picture = new Image(WIDTH, HEIGHT);
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH * PNG_SCALE;
  canvas.height = HEIGHT * PNG_SCALE;
  contextOf(canvas).drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("no PNG"))), "image/png");
  });
}
