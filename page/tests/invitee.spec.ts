import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { expectNoFindings } from "./axe";
import { AURORA, codeOf, expect, open, test } from "./page";
import { en, textsOf } from "./texts";

const { landing } = en;

const LANDING_BUDGET = 90_000;
const INVITER = "1***1";

interface Shared {
  spot: string;
  futures: string;
}

/** Answers for signed-out visitors, and notes what was asked. */
async function invitation(page: Page, body: object, status = 200) {
  const asked: { url: string; authorization: string | undefined }[] = [];
  await page.route("**/v1/invitation?**", (route) => {
    const request = route.request();
    asked.push({ url: request.url(), authorization: request.headers()["authorization"] });
    return route.fulfill({ status, json: body });
  });
  return asked;
}

const live = (shared: Shared, programme: object = {}) => ({
  live: true,
  inviter: INVITER,
  sharedCommission: shared,
  programme: { brand: null, terms: null, privacy: null, support: null, ...programme },
});

/** The confirmation window with other values than the sample has. */
async function windowWith(page: Page, values: object) {
  await page.route("**/v1/bind?**", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), ...values } });
  });
}

test.describe("landing", () => {
  for (const address of ["/join", "/join.html"]) {
    test(`benefit_is_said_before_sign_in_at_${address}`, async ({ page }) => {
      const body = live({ spot: "0.1", futures: "0" }, { brand: "Northwind" });
      const asked = await invitation(page, body);
      await page.goto(`${address}?ref=6TKU9VDE`);
      const heading = page.getByRole("heading", { level: 1 });
      await expect(heading).toHaveText("Get 10% of your spot fees back");
      await expect(page.getByText(landing.from({ inviter: INVITER }))).toBeVisible();
      await expect(page.locator("header")).toContainText("Northwind");
      await expect(page.getByRole("button", { name: landing.signIn })).toBeVisible();
      await expect(page).toHaveTitle("Get 10% of your spot fees back · Northwind");
      await expectNoFindings(page, address);
      expect(asked.map(({ url }) => new URL(url).search)).toEqual(["?ref=6TKU9VDE"]);
      expect(asked[0]?.authorization).toBeUndefined();
    });
  }

  test("landing_loads_at_most_90_kb", async ({ page }) => {
    await invitation(page, live({ spot: "0.1", futures: "0.05" }));
    const scripts: Promise<number>[] = [];
    page.on("response", (response) => {
      if (new URL(response.url()).pathname.endsWith(".js")) {
        scripts.push(response.body().then((body) => gzipSync(body).length));
      }
    });
    await page.goto("/join.html?ref=6TKU9VDE");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("10%");
    await page.waitForLoadState("networkidle");
    const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
    console.log(`landing: ${bytes} bytes of JavaScript gzipped, in ${scripts.length} files`);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(LANDING_BUDGET);
  });

  test("link_without_share_says_so", async ({ page }) => {
    await invitation(page, live({ spot: "0", futures: "0.00" }));
    await page.goto("/join?ref=6TKU9VDE");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      landing.invites({ inviter: INVITER }),
    );
    await expect(page.getByText(landing.sharesNothing)).toBeVisible();
  });

  test("dead_link_offers_no_sign_in", async ({ page }) => {
    await invitation(page, { live: false, inviter: null, sharedCommission: null });
    await page.goto("/join?ref=6TKU9VDE");
    await expect(page.getByRole("heading", { name: landing.deadTitle })).toBeVisible();
    await expect(page.getByRole("button", { name: landing.signIn })).toHaveCount(0);
  });

  for (const [name, status, body] of [
    ["without_the_route", 404, { message: "Not Found" }],
    ["that_is_throttled", 429, { code: "throttled" }],
    ["that_makes_no_sense", 200, { live: "perhaps" }],
  ] as const) {
    test(`api_${name}_leaves_the_sign_in`, async ({ page }) => {
      await invitation(page, body, status);
      await page.goto("/join?ref=6TKU9VDE");
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(landing.anyone);
      await expect(page.getByRole("button", { name: landing.signIn })).toBeVisible();
    });
  }

  test("legal_links_are_shown_where_named", async ({ page }) => {
    const programme = {
      terms: "https://example.com/terms",
      privacy: "javascript:alert(1)",
      support: "https://example.com/help",
    };
    await invitation(page, live({ spot: "0.1", futures: "0" }, programme));
    await page.goto("/join.html?ref=6TKU9VDE");
    const links = page.getByRole("navigation", { name: en.legal.label }).getByRole("link");
    await expect(links).toHaveText([en.legal.terms, en.legal.support]);
    await expect(links.first()).toHaveAttribute("href", "https://example.com/terms");
  });

  test("sign_in_that_cannot_open_says_so", async ({ page }) => {
    await invitation(page, live({ spot: "0", futures: "0" }));
    await page.route("**/config.json", (route) => route.abort());
    await page.goto("/join.html?ref=6TKU9VDE");
    await page.getByRole("button", { name: landing.signIn }).click();
    await expect(page.getByRole("alert")).toHaveText(landing.failed);
    await page.unroute("**/config.json");
    await page.getByRole("button", { name: landing.signIn }).click();
    await expect(page.getByRole("heading", { name: en.signIn.sandboxTitle })).toBeVisible();
  });

  test("language_is_changed_and_kept", async ({ page }) => {
    await invitation(page, live({ spot: "0.1", futures: "0" }));
    await page.goto("/join.html?ref=6TKU9VDE");
    await page.getByRole("combobox", { name: en.language }).selectOption("tr");
    const heading = page.getByRole("heading", { level: 1 });
    await expect(heading).toHaveText(textsOf("tr").benefit.getSpot({ rate: "%10" }));
    await page.reload();
    await expect(heading).toHaveText(textsOf("tr").benefit.getSpot({ rate: "%10" }));
    await expect(page.locator("html")).toHaveAttribute("lang", "tr");
  });

  test("sign_in_leads_to_the_window_and_back", async ({ page }) => {
    await page.goto(`/join.html?ref=${await codeOf(page, AURORA)}`);
    await page.getByRole("button", { name: landing.signIn }).click();
    await expect(page.getByRole("heading", { name: en.signIn.sandboxTitle })).toBeVisible();
    await page.goBack();
    await page.getByRole("button", { name: landing.signIn }).click();
    await page.getByRole("button", { name: /^20000003/ }).click();
    await expect(page.getByRole("dialog", { name: en.join.window.title })).toBeVisible();
    await expect(page).toHaveURL(/\/join\?ref=[A-Z0-9]{8}$/);
  });

  test("signed_in_visitor_skips_the_landing", async ({ page }) => {
    await open(page, `/join.html?ref=${await codeOf(page, AURORA)}`, "20000003");
    await expect(page.getByRole("dialog", { name: en.join.window.title })).toBeVisible();
    await expect(page.getByRole("button", { name: landing.signIn })).toHaveCount(0);
  });
});

test.describe("confirmation", () => {
  test("window_says_what_the_inviter_will_see", async ({ page }) => {
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000003");
    const window = page.getByRole("dialog", { name: en.join.window.title });
    const seen = window.getByRole("region", { name: en.seen.title });
    await expect(seen.getByRole("listitem")).toHaveText(Object.values(en.seen.points));
    for (const fact of ["full user ID", "traded volume", "first and latest trade"]) {
      await expect(seen).toContainText(fact);
    }
    await expect(window.getByText(en.join.window.nothing)).toBeVisible();
  });

  test("window_links_to_the_terms", async ({ page }) => {
    const pages = { terms: "https://example.com/terms", privacy: null, support: null };
    await windowWith(page, { programme: { brand: "Northwind", ...pages } });
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000003");
    const links = page.getByRole("navigation", { name: en.legal.label }).getByRole("link");
    await expect(links).toHaveText([en.legal.terms]);
    await expect(links).toHaveAttribute("href", "https://example.com/terms");
    await expect(page).toHaveTitle(`${en.join.title} · Northwind`);
    await expect(page.locator(".brand")).toContainText("Northwind");
  });

  test("decision_stays_in_sight_on_a_phone", async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 568 });
    await windowWith(page, { sharedCommission: { spot: "0.1", futures: "0.05" } });
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000003");
    const bind = page.getByRole("button", { name: en.join.window.bind });
    await expect(bind).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole("button", { name: en.join.window.later })).toBeInViewport();
  });

  test("expiry_is_counted_in_minutes", async ({ page }) => {
    await page.clock.install({ time: new Date("2026-11-22T12:00:00Z") });
    await windowWith(page, { expiresAt: "2026-11-22T12:10:00.000Z" });
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "20000003");
    await expect(page.getByText(en.join.window.expiresIn({ minutes: 10 }))).toBeVisible();
    await page.clock.fastForward(3 * 60_000);
    await expect(page.getByText(en.join.window.expiresIn({ minutes: 7 }))).toBeVisible();
  });

  test("next_steps_follow_the_binding", async ({ page }) => {
    const code = await codeOf(page, AURORA);
    const shared = { spot: "0.1", futures: "0.05" };
    await page.route("**/v1/bind", (route) =>
      route.fulfill({
        json: {
          inviter: INVITER,
          code,
          origin: "recall",
          boundAt: "2026-11-22T12:00:00.000Z",
          sharedCommission: shared,
          rule: "90-days",
        },
      }),
    );
    await open(page, `/join?ref=${code}`, "20000003");
    await page.getByRole("button", { name: en.join.window.bind }).click();
    await expect(page.getByRole("heading", { name: en.join.bound })).toBeVisible();
    await expect(page.getByText(en.join.nextShared({ spot: "10%", futures: "5%" }))).toBeVisible();
    const next = page.getByRole("region", { name: en.join.nextTitle });
    await expect(next.getByRole("listitem")).toHaveText(Object.values(en.join.next));
    await expect(next.getByRole("link", { name: en.join.seeInviter })).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(`^${en.join.bound} · `));
  });
});

test.describe("refusal", () => {
  test("failing_rule_comes_first_and_others_are_folded", async ({ page }) => {
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "30000003");
    const refusal = page.getByTestId("refused-recently_active");
    await expect(refusal).toContainText("No trades or product use for more than 90 days");
    await expect(refusal).toContainText("last used 25 Aug 2026");
    const met = page.getByText(en.bindReasons.already_bound.check);
    await expect(met).toBeHidden();
    await expect(page.getByText(en.join.checksMet({ met: "12", all: "13" }))).toBeVisible();
    await page.getByText(en.join.checks, { exact: true }).click();
    await expect(met).toBeVisible();
    await expectNoFindings(page, "refusal");
  });

  test("reminder_is_a_calendar_file", async ({ page, baseURL }) => {
    const code = await codeOf(page, AURORA);
    await open(page, `/join?ref=${code}`, "30000003");
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: en.join.remind }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe(`invitation-${code}.ics`);
    const calendar = readFileSync(await file.path(), "utf8").replaceAll("\r\n ", "");
    expect(calendar).toContain("DTSTART:20261123T200500Z\r\n");
    expect(calendar).toContain(`URL:${baseURL}/join?ref=${code}\r\n`);
  });

  test("refusal_without_a_date_offers_no_reminder", async ({ page }) => {
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "30000005");
    await expect(page.getByTestId("refused-region_blocked_invitee")).toBeVisible();
    await expect(page.getByRole("button", { name: en.join.remind })).toHaveCount(0);
  });

  test("support_is_offered_where_named", async ({ page }) => {
    await windowWith(page, { programme: { support: "https://example.com/help" } });
    await open(page, `/join?ref=${await codeOf(page, AURORA)}`, "30000005");
    const support = page.getByRole("link", { name: en.join.support });
    await expect(support).toHaveAttribute("href", "https://example.com/help");
  });
});

test.describe("navigation", () => {
  const tabs = (page: Page) =>
    page.getByRole("navigation", { name: en.nav.label }).getByRole("link");

  test("outsider_sees_no_affiliate_tabs", async ({ page }) => {
    for (const address of ["/inviter", "/", "/dashboard"]) {
      await open(page, address, "40000001");
      await expect(tabs(page)).toHaveText([en.nav.inviter]);
    }
  });

  test("invitee_never_sees_a_tab_that_goes", async ({ page }) => {
    await page.route("**/v1/link", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await route.continue();
    });
    await open(page, "/inviter", "40000001");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(tabs(page)).toHaveText([en.nav.inviter]);
  });

  test("affiliate_keeps_all_tabs", async ({ page }) => {
    await open(page, "/inviter", AURORA);
    await expect(tabs(page).filter({ hasText: en.nav.dashboard })).toBeVisible();
    await expect(tabs(page).filter({ hasText: en.nav.links })).toBeVisible();
  });

  test("former_affiliate_keeps_figures_without_links", async ({ page }) => {
    await open(page, "/dashboard", "10000007");
    await expect(tabs(page).filter({ hasText: en.nav.links })).toHaveCount(0);
    await expect(tabs(page).filter({ hasText: en.nav.dashboard })).toBeVisible();
  });
});

test("forced_colours_keep_edges", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await invitation(page, live({ spot: "0.1", futures: "0" }));
  await page.goto("/join.html?ref=6TKU9VDE");
  const rate = page.locator(".landing-rates > div").first();
  await expect(rate).toHaveCSS("border-top-width", "1px");
  const [edge, ground] = await rate.evaluate((it) => {
    const { borderTopColor, backgroundColor } = getComputedStyle(it);
    return [borderTopColor, backgroundColor];
  });
  expect(edge).not.toBe(ground);
  expect(edge).not.toBe("rgba(0, 0, 0, 0)");
});

test("my_inviter_says_what_the_inviter_sees", async ({ page }) => {
  await open(page, "/inviter", "40000001");
  await page.getByText(en.seen.titleNow, { exact: true }).click();
  await expect(page.getByText(en.seen.points.identity)).toBeVisible();
});

/** The caller's relation with these rebates by day, of which the total has some cents more. */
async function rebates(page: Page, days: { day: string; usd: string }[], usd: string) {
  await page.route("**/v1/binding", async (route) => {
    const response = await route.fetch();
    const relation = await response.json();
    const shared = { ...relation.shared, usd, days };
    await route.fulfill({ response, json: { ...relation, shared } });
  });
}

/** The days of November 2026, the last one first. */
const november = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    day: `2026-11-${String(count - at).padStart(2, "0")}`,
    usd: "0.12345678",
  }));

/** An invitee whose link shares commission. */
const SHARED_WITH = "40000002";

test.describe("rebates by day", () => {
  const card = (page: Page) => page.getByRole("region", { name: en.inviter.byDay });

  test("sample_lists_the_days_newest_first", async ({ page }) => {
    const answer = page.waitForResponse("**/v1/binding");
    await open(page, "/inviter", SHARED_WITH);
    const { shared } = await (await answer).json();
    const days = shared.days.map(({ day }: { day: string }) => day);
    expect(days.length).toBeGreaterThan(1);
    expect(days).toEqual([...days].sort().reverse());
    const usd = shared.days.map((day: { usd: string }) => day.usd);
    await expect(card(page).locator("tbody tr")).toHaveCount(days.length);
    const shown = await card(page)
      .locator("tbody .money")
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute("data-value")));
    expect(shown).toEqual(usd);
  });

  test("cents_are_shown_with_the_exact_value", async ({ page }) => {
    await rebates(page, november(2), "0.24691356");
    await open(page, "/inviter", "40000001");
    const rows = card(page).locator("tbody tr");
    await expect(rows).toHaveText(["2 Nov 2026$0.12", "1 Nov 2026$0.12"]);
    await expect(rows.first().locator(".money")).toHaveAttribute("title", "$0.12345678");
    await expect(card(page).locator("details")).toHaveCount(0);
    await expect(card(page).locator(".help")).toHaveCount(0);
  });

  test("older_days_are_folded", async ({ page }) => {
    await rebates(page, november(10), "99.00000000");
    await open(page, "/inviter", "40000001");
    await expect(card(page).locator("tbody tr:visible")).toHaveCount(7);
    await card(page)
      .getByText(en.inviter.moreDays({ count: 3 }))
      .click();
    await expect(card(page).locator("tbody tr:visible")).toHaveCount(10);
    const note = en.inviter.olderDays({ day: "1 Nov 2026" });
    await expect(card(page).getByText(note)).toBeVisible();
    await expectNoFindings(page, "rebates by day");
  });

  test("no_known_day_shows_no_list", async ({ page }) => {
    await rebates(page, [], "99.00000000");
    await open(page, "/inviter", "40000001");
    await expect(page.getByRole("heading", { name: en.inviter.received })).toBeVisible();
    await expect(card(page)).toHaveCount(0);
  });
});
