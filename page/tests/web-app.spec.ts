import { PNG } from "pngjs";
import { AURORA, codeOf, expect, open, test } from "./page";
import { en } from "./texts";

const { landing } = en;

for (const document of ["/", "/join.html"]) {
  test(`head_of_${document}_names_files_that_exist`, async ({ page }) => {
    const html = await (await page.request.get(document)).text();
    const files = [...html.matchAll(/(?:href|content)="(\/[^"]+)"/g)].map(([, path]) => path ?? "");
    for (const file of ["/favicon.ico", "/icon.svg", "/apple-touch-icon.png", "/share.png"]) {
      expect(files).toContain(file);
    }
    for (const file of files) {
      expect((await page.request.get(file)).status(), file).toBe(200);
    }
  });

  test(`head_of_${document}_describes_a_shared_link`, async ({ page }) => {
    await page.goto(document === "/" ? "/" : "/join.html?ref=ZZZZZZZZ");
    const meta = async (name: string) =>
      page.locator(`meta[property="${name}"], meta[name="${name}"]`).getAttribute("content");
    expect(await meta("og:title")).toBeTruthy();
    expect(await meta("og:description")).toBeTruthy();
    expect(await meta("twitter:card")).toBe("summary_large_image");
    const picture = await page.request.get((await meta("og:image")) ?? "");
    const { width, height } = PNG.sync.read(await picture.body());
    expect([`${width}`, `${height}`]).toEqual([
      await meta("og:image:width"),
      await meta("og:image:height"),
    ]);
    expect([width, height]).toEqual([1200, 630]);
  });
}

test("manifest_icons_have_the_sizes_they_claim", async ({ page, baseURL }) => {
  await page.goto("/");
  const href = await page.locator('link[rel="manifest"]').getAttribute("href");
  const answer = await page.request.get(href ?? "");
  const manifest = await answer.json();
  expect(manifest).toMatchObject({ display: "standalone", start_url: "/" });
  const sizes: string[] = [];
  for (const { src, type, sizes: claimed } of manifest.icons) {
    const icon = await page.request.get(new URL(src, baseURL).href);
    expect(icon.headers()["content-type"]).toBe(type);
    if (type !== "image/png") continue;
    const { width, height } = PNG.sync.read(await icon.body());
    expect(claimed).toBe(`${width}x${height}`);
    sizes.push(claimed);
  }
  expect(sizes).toEqual(expect.arrayContaining(["192x192", "512x512"]));
  expect(manifest.icons).toContainEqual(expect.objectContaining({ purpose: "maskable" }));
});

test("every_view_has_a_title_of_its_own", async ({ page }) => {
  const invitation = `/join?ref=${await codeOf(page, AURORA)}`;
  const views: [string, string | undefined, string][] = [
    ["/", undefined, en.signIn.title],
    ["/inviter", AURORA, en.inviter.title],
    ["/nowhere", AURORA, en.problems.pageMissing],
    [invitation, undefined, landing.title],
    ["/join?ref=x", undefined, landing.incompleteTitle],
    [invitation, "20000002", en.join.title],
    [invitation, "30000002", en.bindReasons.recently_active.title],
    [invitation, "40000001", en.join.alreadyThis],
    ["/join?ref=ZZZZZZZZ", "20000002", en.bindReasons.unknown_link.title],
  ];
  for (const [address, uid, title] of views) {
    await open(page, address, uid);
    await expect(page).toHaveTitle(new RegExp(`^${title} · .+`));
  }
});

test("programme_pages_are_linked_below_every_view", async ({ page }) => {
  const pages = { terms: "https://example.com/terms", support: "https://example.com/help" };
  await page.route("**/v1/dashboard", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    await route.fulfill({
      response,
      json: { ...answer, programme: { ...answer.programme, ...pages } },
    });
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "/links", AURORA);
  const foot = page.getByRole("navigation", { name: en.legal.label });
  await expect(foot.getByRole("link")).toHaveText([en.legal.terms, en.legal.support]);
  await expect(foot.getByRole("link").first()).toHaveAttribute("href", pages.terms);
  // The navigation at the lower edge of a phone does not cover them.
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  const navigation = page.getByRole("navigation", { name: en.nav.label });
  const [box, edge] = [await foot.boundingBox(), await navigation.boundingBox()];
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(edge?.y ?? 0);
  await navigation.getByRole("link", { name: en.nav.invitees }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(en.invitees.title);
  await expect(foot.getByRole("link")).toHaveCount(2);
});

test("unknown_address_says_not_found", async ({ page }) => {
  for (const [address, uid] of [
    ["/nowhere", AURORA],
    ["/links/none/at/all", undefined],
  ] as const) {
    await open(page, address, uid);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(en.problems.pageMissing);
    await page.getByRole("link", { name: en.problems.home }).click();
    await expect(page).toHaveURL(/\/$/);
  }
});

test("fields_do_not_make_a_phone_zoom", async ({ page }) => {
  await open(page, "/");
  const chooser = page.getByRole("textbox");
  await expect(chooser).toHaveCSS("font-size", "16px");
  await page.goto("/join.html?ref=ZZZZZZZZ");
  await expect(page.getByRole("combobox")).toHaveCSS("font-size", "16px");
});
