import { gzipSync } from "node:zlib";
import { AURORA, chartOf, expect, open, test } from "./page";

const BUDGET = 135_000;

for (const address of ["/", "/links", "/dashboard", "/earnings", "/join?ref=ZZZZZZZZ"]) {
  test(`${address} is within the budget at first use`, async ({ page }) => {
    const own: Promise<number>[] = [];
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      // What the page itself is made of. The chart comes after the figures, which can be read by then.
      if (!/^\/(v1|sandbox|assets\/chart)/.test(pathname)) {
        own.push(response.body().then((body) => gzipSync(body).length));
      }
    });
    await open(page, address, AURORA);
    await page.locator("h1").waitFor();
    await page.waitForLoadState("networkidle");
    const bytes = (await Promise.all(own)).reduce((sum, size) => sum + size, 0);
    console.log(`${address}: ${bytes} bytes gzipped`);
    expect(bytes).toBeLessThan(BUDGET);
  });
}

test("dashboard_with_its_chart_is_within_170_kb", async ({ page }) => {
  const scripts = new Map<string, Promise<number>>();
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    // The bar of the sandbox is in no deployed page.
    if (!/^\/assets\/(?!sandbox).*\.js$/.test(pathname)) return;
    scripts.set(
      pathname,
      response.body().then((body) => gzipSync(body).length),
    );
  });
  await open(page, "/dashboard", AURORA);
  await chartOf(page);
  const sizes = await Promise.all(scripts.values());
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${[...scripts.keys()].length} scripts: ${bytes} bytes gzipped`);
  expect([...scripts.keys()].some((path) => path.includes("/chart-"))).toBe(true);
  expect(bytes).toBeLessThanOrEqual(170_000);
});

test("nothing comes from anywhere else, and the headers are strict", async ({ page, baseURL }) => {
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${baseURL}/`) && !request.url().startsWith("blob:")) {
      elsewhere.push(request.url());
    }
  });
  await open(page, "/dashboard", AURORA);
  await page.waitForLoadState("networkidle");
  expect(elsewhere).toEqual([]);
  const answer = await page.request.get("/");
  expect(answer.headers()["content-security-policy"]).toContain("default-src 'none'");
  expect(answer.headers()["content-security-policy"]).not.toContain("unsafe");
  const html = await answer.text();
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/);
  // One style is in the document, and allowed by its digest.
  expect(html.match(/<style/g)).toHaveLength(1);
});

for (const address of ["/", "/join?ref=ZZZZZZZZ"]) {
  test(`${address} shows its frame before any script`, async ({ page }) => {
    await page.route("**/assets/*.js", (route) => route.abort());
    await page.goto(address);
    const top = page.locator(".first-top");
    await expect(top).toBeVisible();
    await expect(top).toHaveCSS("background-color", "rgb(255, 255, 255)");
    await expect(top).toHaveCSS("height", "60px");
  });
}

test("first_requests_do_not_wait_for_the_application", async ({ page }) => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/assets/main-*.js", async (route) => {
    await held;
    await route.continue();
  });
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    asked.push(`${pathname}${search}`);
  });
  await open(page, "/dashboard", AURORA);
  const first = ["/v1/link", "/v1/dashboard"];
  await expect.poll(() => first.every((path) => asked.includes(path))).toBe(true);
  release();
  await page.getByTestId("total-commission").waitFor();
  // The application takes the answers over, and does not ask again.
  for (const path of first) expect(asked.filter((it) => it === path)).toHaveLength(1);
});

test("nothing_moves_when_figures_come", async ({ page }) => {
  await page.setViewportSize({ width: 412, height: 823 });
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const it of list.getEntries()) shifts.push((it as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const address of ["/", "/links", "/dashboard", "/invitees", "/earnings"]) {
    await open(page, address, AURORA);
    await page.locator("h1").waitFor();
    await page.waitForLoadState("networkidle");
    const moved = await page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((sum, it) => sum + it, 0),
    );
    expect(moved, address).toBeLessThanOrEqual(0.02);
  }
});
