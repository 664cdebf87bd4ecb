import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { AURORA, ask, expect, open, test } from "./page";
import { en } from "./texts";

const shareButton = (page: Page) =>
  page.getByRole("button", { name: en.sharing.share, exact: true });

/** The default link as an API that knows of a share would answer it. */
async function shareTenPercent(page: Page) {
  await page.route("**/v1/link", async (route) => {
    const response = await route.fetch();
    const link = await response.json();
    await route.fulfill({
      response,
      json: { ...link, sharedCommission: { spot: "0.1", futures: "0" } },
    });
  });
}

test("system_share_passes_the_link_once", async ({ page }) => {
  await page.addInitScript(() => {
    const shared: ShareData[] = [];
    Object.assign(window, { shared });
    Object.assign(navigator, { share: async (data: ShareData) => void shared.push(data) });
  });
  await open(page, "/links", AURORA);
  const url = (await page.getByTestId("default-link").textContent()) ?? "";
  await shareButton(page).click();
  await page.getByRole("menuitem", { name: en.sharing.more }).click();
  const shared = await page.evaluate(() => (window as unknown as { shared: ShareData[] }).shared);
  expect(shared).toEqual([{ text: en.sharing.messagePlain, url }]);
});

test("share_targets_open_with_message_and_link", async ({ page }) => {
  await shareTenPercent(page);
  await open(page, "/links", AURORA);
  const url = (await page.getByTestId("default-link").textContent()) ?? "";
  await shareButton(page).click();
  const message = en.sharing.message({ headline: "Get 10% of your spot fees back" });
  const hosts = { telegram: "t.me", whatsapp: "wa.me", x: "x.com" } as const;
  for (const [target, host] of Object.entries(hosts)) {
    const name = en.sharing[target as keyof typeof hosts];
    const item = page.getByRole("menuitem", { name, exact: true });
    const address = new URL((await item.getAttribute("href")) ?? "");
    expect(address.host).toBe(host);
    const values = [...address.searchParams.values()].join(" ");
    expect(values).toContain(message);
    expect(values.split(url)).toHaveLength(2);
    await expect(item).toHaveAttribute("rel", /noopener/);
  }
});

test("each_link_of_the_list_is_shared", async ({ page }) => {
  const { links } = await (await ask(page, AURORA, "/v1/links")).json();
  const other = links.find((it: { default: boolean }) => !it.default);
  await open(page, "/links", AURORA);
  const name = en.sharing.shareOf({ name: other.label ?? other.code });
  await page.getByRole("button", { name, exact: true }).click();
  const item = page.getByRole("menuitem", { name: en.sharing.telegram });
  const address = new URL((await item.getAttribute("href")) ?? "");
  expect(address.searchParams.get("url")).toBe(other.url);
});

test("copied_message_ends_with_the_link", async ({ page }) => {
  await open(page, "/links", AURORA);
  await shareButton(page).click();
  await page.getByRole("menuitem", { name: en.sharing.copyMessage }).click();
  const message = await page.evaluate(() => navigator.clipboard.readText());
  expect(message).toMatch(/^Come back with my invitation\nhttps?:\/\/\S+\?ref=[A-Z0-9]{8}$/);
});

async function openPoster(page: Page) {
  await page.getByRole("button", { name: en.links.download }).first().click();
  await page.getByRole("menuitem", { name: en.sharing.poster }).click();
  return page.getByRole("dialog", { name: en.sharing.posterTitle });
}

test("poster_is_saved_as_svg_and_as_png", async ({ page }) => {
  await shareTenPercent(page);
  await open(page, "/links", AURORA);
  const url = (await page.getByTestId("default-link").textContent()) ?? "";
  const dialog = await openPoster(page);
  await expect(dialog.getByRole("img")).toHaveAccessibleName(/Get 10% of your spot fees back/);
  const download = async (name: string) => {
    const saved = page.waitForEvent("download");
    await dialog.getByRole("button", { name }).click();
    const file = await saved;
    return { name: file.suggestedFilename(), content: readFileSync(await file.path()) };
  };
  const svg = await download(en.sharing.posterSvg);
  expect(svg.name).toMatch(/^[A-Z0-9]{8}-poster\.svg$/);
  expect(svg.content.toString()).toContain(url);
  const png = await download(en.sharing.posterPng);
  const { width, height, data } = PNG.sync.read(png.content);
  expect([width, height]).toEqual([2160, 2700]);
  expect(jsQR(new Uint8ClampedArray(data), width, height)?.data).toBe(url);
});

test("poster_has_the_colour_of_the_programme", async ({ page }) => {
  await page.route(/\/v1\/dashboard$/, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const programme = { ...answer.programme, colour: "#7a1fa2" };
    await route.fulfill({ response, json: { ...answer, programme } });
  });
  await open(page, "/links", AURORA);
  const dialog = await openPoster(page);
  await dialog.getByRole("img").waitFor();
  const saved = page.waitForEvent("download");
  await dialog.getByRole("button", { name: en.sharing.posterPng }).click();
  const { width, height, data } = PNG.sync.read(readFileSync(await (await saved).path()));
  // Below the circle, at the edge.
  const at = 4 * (width * Math.floor(height / 2) + 10);
  expect([...data.subarray(at, at + 3)]).toEqual([0x7a, 0x1f, 0xa2]);
});

test("poster_that_fails_can_be_tried_again", async ({ page }) => {
  await open(page, "/links", AURORA);
  await page.getByRole("img", { name: /QR code/ }).waitFor();
  let failing = true;
  await page.route("**/v1/link/qr.svg**", (route) => (failing ? route.abort() : route.continue()));
  const dialog = await openPoster(page);
  await expect(dialog.getByRole("alert")).toContainText(en.problems.codes.offline);
  failing = false;
  await dialog.getByRole("button", { name: en.common.retry }).click();
  await expect(dialog.getByRole("img")).toBeVisible();
});

test("messenger_finds_the_invitation_in_the_document", async ({ page, request, baseURL }) => {
  const { defaultLink } = await linkOf(page);
  const headers = { "user-agent": "WhatsApp/2.23.20.0 A" };
  const answer = await request.get(defaultLink, { headers });
  expect(answer.headers()["content-type"]).toBe("text/html; charset=utf-8");
  expect(answer.headers()["cache-control"]).toBe("public, max-age=60");
  expect(answer.headers()["content-security-policy"]).toContain("default-src 'none'");
  await page.setContent(await answer.text());
  const tag = (name: string) =>
    page.locator(`meta[property="${name}"], meta[name="${name}"]`).getAttribute("content");
  expect(await tag("og:description")).toMatch(/^1\*\*\*1 |fees/);
  expect(await tag("og:title")).toContain("Welcome Back");
  expect(await tag("og:url")).toBe(defaultLink);
  expect(await tag("twitter:card")).toBe("summary_large_image");
  for (const name of ["og:image", "twitter:image"]) {
    const address = (await tag(name)) ?? "";
    expect(address).toMatch(new RegExp(`^${baseURL}/`));
    const { width, height } = PNG.sync.read(await (await request.get(address)).body());
    expect([width, height]).toEqual([1200, 630]);
  }
  // A browser gets the page.
  const browser = await request.get(defaultLink);
  expect(await browser.text()).toContain('<div id="page">');
});

test("picture_of_a_link_shows_its_benefit", async ({ page, request }) => {
  const { links } = await (await ask(page, AURORA, "/v1/links")).json();
  const pictures = new Set<string>();
  for (const { url, sharedCommission } of links) {
    const headers = { "user-agent": "WhatsApp/2.23.20.0 A" };
    const html = await (await request.get(url, { headers })).text();
    const address = /property="og:image" content="([^"]+)"/.exec(html)?.[1] ?? "";
    const [spot, futures] = [sharedCommission.spot, sharedCommission.futures].map(
      (rate) => Number(rate) * 100,
    );
    const name = spot || futures ? `share-${spot}-${futures}.png` : "share.png";
    expect(new URL(address).pathname).toBe(`/${name}`);
    const { width, height } = PNG.sync.read(await (await request.get(address)).body());
    expect([width, height]).toEqual([1200, 630]);
    pictures.add(name);
  }
  expect(pictures.size).toBeGreaterThan(1);
});

test("messenger_learns_nothing_of_other_links", async ({ request }) => {
  const headers = { "user-agent": "TelegramBot (like TwitterBot)" };
  const card = async (code: string) => {
    const answer = await request.get(`/join?ref=${code}`, { headers });
    expect(answer.status()).toBe(200);
    return (await answer.text()).replaceAll(code, "");
  };
  expect(await card("ZZZZZZZZ")).toBe(await card("YYYYYYYY"));
});

/** The default link, and what the QR code on the page leads to. */
async function linkOf(page: Page) {
  await open(page, "/links", AURORA);
  const defaultLink = (await page.getByTestId("default-link").textContent()) ?? "";
  const picture = page.getByRole("img", { name: en.links.qrOf({ url: defaultLink }) });
  await picture.waitFor();
  const scanned = PNG.sync.read(await picture.screenshot());
  const { data, width, height } = scanned;
  return { defaultLink, scanned: jsQR(new Uint8ClampedArray(data), width, height)?.data };
}

test("links_and_qr_codes_lead_to_this_page", async ({ page, baseURL }) => {
  const { defaultLink, scanned } = await linkOf(page);
  expect(defaultLink).toMatch(new RegExp(`^${baseURL}/join\\?ref=[A-Z0-9]{8}$`));
  expect(scanned).toBe(defaultLink);
  const addresses = await page.locator(".address").allTextContents();
  for (const address of addresses) expect(address.startsWith(`${baseURL}/`)).toBe(true);
  // The scanned address opens the invitation.
  await open(page, scanned ?? "");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("1***1");
});
