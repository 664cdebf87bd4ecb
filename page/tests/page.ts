import { test as base, expect, type Page } from "@playwright/test";
import type { SampleUsers } from "../src/auth/sandbox";

export const AURORA = "10000001";
export const JUNIPER = "10000010";
export const NOON = "2026-11-22T12:00:00.000Z";

/** What a page must never say: that something of it was blocked, or failed. */
const COMPLAINT = /Content Security Policy|Trusted Type|Uncaught|Warning:/;

/** Every test fails where the page complains, whatever else it looks at. */
export const test = base.extend<{ complaints: string[] }>({
  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (COMPLAINT.test(message.text())) complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

async function tokenOf(page: Page, uid: string): Promise<string> {
  const answer = await page.request.post("/sandbox/token", { data: { uid } });
  return (await answer.json()).token;
}

/** Signs in without the chooser, or out, and opens the address. */
export async function open(page: Page, address: string, uid?: string) {
  const session = uid && JSON.stringify({ uid, token: await tokenOf(page, uid) });
  // A document of the same origin that runs nothing.
  await page.goto("/icon.svg");
  await page.evaluate((it) => {
    localStorage.removeItem("session");
    if (it) localStorage.setItem("session", it);
  }, session);
  await page.goto(address);
}

/** Asks the API itself, as a user. */
export async function ask(page: Page, uid: string, path: string, accept = "application/json") {
  const authorization = `Bearer ${await tokenOf(page, uid)}`;
  return page.request.get(path, { headers: { authorization, accept } });
}

export async function users(page: Page): Promise<SampleUsers> {
  return (await page.request.get("/sandbox/users")).json();
}

export async function codeOf(page: Page, uid: string): Promise<string> {
  const found = (await users(page)).affiliates.find((it) => it.uid === uid);
  if (!found?.code) throw new Error(`${uid} has no link`);
  return found.code;
}

export async function setClock(page: Page, now: string) {
  const answer = await page.request.put("/sandbox/clock", { data: JSON.stringify({ now }) });
  expect(answer.ok()).toBe(true);
}

/** The exact text of the amount inside a part of the page. */
export async function amountIn(page: Page, testId: string): Promise<string> {
  const money = page.getByTestId(testId).locator("[data-value]").first();
  return (await money.getAttribute("data-value")) ?? "";
}

/** Scrolls to the chart, whose code is loaded when it is about to be seen. */
export async function chartOf(page: Page) {
  await page.locator(".card:has(.legend)").scrollIntoViewIfNeeded();
  const chart = page.locator(".chart");
  await chart.waitFor();
  // The layout is done when it has its canvas' height.
  await expect.poll(async () => (await chart.boundingBox())?.height ?? 0).toBeGreaterThan(200);
  return chart;
}
