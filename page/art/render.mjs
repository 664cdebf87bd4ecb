// Renders the pictures of `public/` from their SVG sources: `node art/render.mjs [Inter.woff2 …]`.
// Fonts that are named are used for the share pictures; the weight is in the file's name.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { chromium } from "@playwright/test";

const icon = readFileSync("public/icon.svg", "utf8");
const maskable = readFileSync("art/icon-maskable.svg", "utf8");
const share = readFileSync("art/share.svg", "utf8");
const benefit = readFileSync("art/share-benefit.svg", "utf8");

/**
 * What links may share of spot and futures fees, in percent, as in `SHARES` of
 * `shared/binding/src/card.rs`.
 */
const SHARES = [
  [5, 0],
  [10, 0],
  [0, 5],
  [5, 5],
  [10, 5],
];

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
const browser = await chromium.launch({
  ...(executablePath && { executablePath }),
  args: ["--no-sandbox"],
});

const fonts = process.argv.slice(2).map((path) => {
  const weight = /(\d{3})/.exec(path.split("/").at(-1) ?? "")?.[1] ?? "400";
  const source = readFileSync(path).toString("base64");
  return `@font-face{font-family:Inter;font-weight:${weight};src:url(data:font/woff2;base64,${source})}`;
});

async function render(svg, width, height) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.setContent(
    `<style>${fonts.join("")}*{margin:0}svg{display:block}body>svg{width:${width}px;height:${height}px}</style>${svg}`,
  );
  await page.evaluate(() => document.fonts.ready);
  const png = await page.screenshot({ omitBackground: true });
  await page.close();
  return png;
}

/** The picture of a link's benefit: one figure, or one for each market. */
function benefitOf(spot, futures) {
  const figures =
    spot === futures
      ? [[spot, "trading"]]
      : [
          [spot, "spot"],
          [futures, "futures"],
        ].filter(([percent]) => percent > 0);
  const drawn = figures.map(
    ([percent, market], place) => `<g transform="translate(${84 + 516 * place} 0)" fill="#ffffff">
    <text y="372" font-size="190" font-weight="700" letter-spacing="-8">${percent}%</text>
    <text y="446" font-size="44" font-weight="500" letter-spacing="-0.5">of your ${market} fees back</text>
  </g>`,
  );
  return benefit.replace("{figures}", drawn.join("\n  "));
}

/** An icon file with one PNG inside. */
function asIco(png, edge) {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head.writeUInt8(edge, 6);
  head.writeUInt8(edge, 7);
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(32, 12);
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}

for (const edge of [192, 512]) {
  writeFileSync(`public/icon-${edge}.png`, await render(icon, edge, edge));
}
writeFileSync("public/icon-maskable-512.png", await render(maskable, 512, 512));
writeFileSync("public/apple-touch-icon.png", await render(maskable, 180, 180));
writeFileSync("public/favicon.ico", asIco(await render(icon, 32, 32), 32));
writeFileSync("public/share.png", await render(share, 1200, 630));
for (const [spot, futures] of SHARES) {
  const name = `public/share-${spot}-${futures}.png`;
  writeFileSync(name, await render(benefitOf(spot, futures), 1200, 630));
}
await browser.close();
