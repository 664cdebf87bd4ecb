import type { Page } from "@playwright/test";
import { AURORA, codeOf, JUNIPER, open } from "./page";

/** A view, and how to come to it. */
export interface View {
  name: string;
  /** Who looks; nobody, where it is seen before the sign-in. */
  uid?: string;
  address: (page: Page) => Promise<string>;
  /** What is opened on it. By the structure, so that it goes in every language. */
  open?: (page: Page) => Promise<void>;
}

const at = (address: string) => async () => address;
const aurorasLink = async (page: Page) => `/join?ref=${await codeOf(page, AURORA)}`;

/** A phone's filters, which a wider window never folds. */
async function unfold(page: Page) {
  const fold = page.locator("details.fold > summary");
  if (await fold.isVisible()) await fold.click();
}

/** The affiliate's links, of which the last is archived. */
async function withArchived(page: Page) {
  await page.route(
    "**/v1/links",
    async (route) => {
      const response = await route.fetch();
      const answer = await response.json();
      const last = answer.links.length - 1;
      const links = answer.links.map((link: object, index: number) =>
        index === last ? { ...link, archived: true } : link,
      );
      await route.fulfill({ response, json: { ...answer, links } });
    },
    { times: 1 },
  );
  return "/links";
}

/** An invitation whose bind changes nothing. */
async function boundWithoutEffect(page: Page) {
  const json = {
    inviter: "1***1",
    code: "6TKU9VDE",
    boundAt: "2026-11-22T12:00:00.000Z",
    sharedCommission: { spot: "0.1", futures: "0.05" },
  };
  await page.route("**/v1/bind", (route) => route.fulfill({ status: 201, json }), { times: 1 });
  return aurorasLink(page);
}

export const VIEWS: View[] = [
  { name: "sign-in", address: at("/") },
  { name: "overview", uid: AURORA, address: at("/") },
  { name: "links", uid: AURORA, address: at("/links") },
  {
    name: "new-link",
    uid: AURORA,
    address: at("/links"),
    open: (page) => page.locator(".card-head .button").first().click(),
  },
  {
    name: "link-menu",
    uid: AURORA,
    address: at("/links"),
    open: async (page) => {
      await page.getByTestId("link").first().locator(".menu-place button").last().click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "archived-links",
    uid: AURORA,
    address: withArchived,
    open: (page) => page.locator(".archive > summary").click(),
  },
  { name: "dashboard", uid: AURORA, address: at("/dashboard") },
  { name: "dashboard-open-days", uid: AURORA, address: at("/dashboard?range=quarter") },
  { name: "dashboard-empty", uid: JUNIPER, address: at("/dashboard") },
  {
    name: "range",
    uid: AURORA,
    address: at("/dashboard"),
    open: (page) => page.locator(".range-days").click(),
  },
  {
    name: "export-menu",
    uid: AURORA,
    address: at("/dashboard?range=7d"),
    open: async (page) => {
      await page.locator(".toolbar .menu-place button").click();
      await page.getByRole("menu").waitFor();
    },
  },
  { name: "invitees", uid: AURORA, address: at("/invitees") },
  { name: "invitees-empty", uid: JUNIPER, address: at("/invitees") },
  {
    name: "lines",
    uid: AURORA,
    address: at("/earnings?range=7d"),
    open: (page) => page.locator(".expand").nth(1).click(),
  },
  { name: "filters", uid: AURORA, address: at("/earnings?range=7d"), open: unfold },
  {
    name: "user-menu",
    uid: "40000002",
    address: at("/inviter"),
    open: async (page) => {
      await page.locator(".user-menu").click();
      await page.getByRole("menu").waitFor();
    },
  },
  { name: "inviter", uid: "40000002", address: at("/inviter") },
  { name: "no-inviter", uid: AURORA, address: at("/inviter") },
  { name: "not-an-affiliate", uid: "20000002", address: at("/links") },
  { name: "invited", address: aurorasLink },
  {
    name: "landing",
    address: async (page) => {
      const json = {
        live: true,
        inviter: "1***1",
        sharedCommission: { spot: "0.1", futures: "0.05" },
      };
      await page.route("**/v1/invitation?**", (route) => route.fulfill({ json }));
      return "/join.html?ref=6TKU9VDE";
    },
  },
  { name: "window", uid: "20000002", address: aurorasLink },
  {
    name: "bound",
    uid: "20000002",
    address: boundWithoutEffect,
    open: async (page) => {
      await page.locator(".decide .button-primary").click();
      await page.locator(".after").waitFor();
    },
  },
  {
    name: "refused",
    uid: "30000002",
    address: aurorasLink,
    open: (page) => page.locator("summary").click(),
  },
  {
    name: "share-menu",
    uid: AURORA,
    address: at("/links"),
    open: async (page) => {
      await page.locator(".hero-main .row .button").nth(1).click();
      await page.getByRole("menu").waitFor();
    },
  },
  {
    name: "poster",
    uid: AURORA,
    address: at("/links"),
    open: async (page) => {
      await page.locator(".hero-qr .button").click();
      await page.getByRole("menuitem").first().click();
      await page.locator(".poster").waitFor();
    },
  },
  { name: "missing", uid: AURORA, address: at("/nowhere") },
];

/** Opens a view and waits until its figures are there. */
export async function show(page: Page, view: View) {
  await open(page, await view.address(page), view.uid);
  await page.locator("h1, .dialog").first().waitFor();
  for (const unfinished of await page.locator(".skeleton, .skeleton-bar").all()) {
    await unfinished.waitFor({ state: "detached" });
  }
  await view.open?.(page);
}
