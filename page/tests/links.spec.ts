import { readFileSync } from "node:fs";
import jsQR from "jsqr";
import { PNG } from "pngjs";
import { AURORA, expect, open, test } from "./page";
import { en } from "./texts";

// Each test that changes links has an affiliate whom no other test looks at.
const [BOREAL, CEDAR, DELTA] = ["10000002", "10000003", "10000004"] as const;

test("a new link shows what each side gets, before and after it is made", async ({ page }) => {
  await open(page, "/links", CEDAR);
  await page.getByRole("button", { name: en.links.new }).click();
  const dialog = page.getByRole("dialog", { name: en.links.newTitle });
  await dialog.getByLabel(en.links.label).fill("forum");
  const spot = dialog.getByRole("radiogroup", { name: en.links.shareOf({ market: "spot" }) });
  await expect(spot.locator("label")).toHaveText(["0%", "5%", "10%"]);
  await spot.getByRole("radio", { name: "10%" }).click();
  const side = dialog.locator(".side").first();
  const [you, they] = await side.locator(".side-figure").allTextContents();
  expect(they).toBe("10%");
  // The two parts are the base rate, which the tier gives.
  const rate = Number(you?.replace("%", "")) + 10;
  expect([20, 30, 41, 50]).toContain(rate);
  await dialog.getByRole("button", { name: en.links.make }).click();
  // It ends on the link itself, to be copied, shared and shown.
  const made = page.getByRole("dialog", { name: en.links.doneTitle });
  const url = (await made.locator(".address").textContent()) ?? "";
  expect(url).toContain("ref=");
  await expect(made.getByRole("img", { name: en.links.qrOf({ url }) })).toBeVisible();
  await made.getByRole("button", { name: en.links.copyLink }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url);
  await expect(made.getByRole("button", { name: en.sharing.share, exact: true })).toBeVisible();
  await made.getByRole("button", { name: en.links.done }).click();
  await expect(page.getByTestId("link").filter({ hasText: "forum" }).last()).toContainText(
    "10% · 0%",
  );
});

test("a label can be changed and taken away, and another link be the default", async ({ page }) => {
  await open(page, "/links", BOREAL);
  const row = page.getByRole("row", { name: /community/ });
  await row.getByRole("button", { name: en.links.actions({ name: "community" }) }).click();
  await page.getByRole("menuitem", { name: en.links.rename }).click();
  await page.getByRole("dialog").getByLabel(en.links.label).fill("group");
  await page.getByRole("button", { name: en.links.save }).click();
  const renamed = page.getByRole("row", { name: /group/ });
  await expect(renamed).toBeVisible();
  const before = await page.getByTestId("default-link").textContent();
  await renamed.getByRole("button", { name: en.links.actions({ name: "group" }) }).click();
  await page.getByRole("menuitem", { name: en.links.makeDefault }).click();
  await expect(renamed).toContainText(en.links.isDefault);
  await expect(page.getByTestId("default-link")).not.toHaveText(before ?? "");
});

test("the QR code comes as SVG, and as PNG in the size that was asked for", async ({ page }) => {
  await open(page, "/links", AURORA);
  const url = await page.getByTestId("default-link").textContent();
  const download = async (item: string) => {
    await page.getByRole("button", { name: en.links.download }).click();
    const saved = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: item }).click();
    const file = await saved;
    return { name: file.suggestedFilename(), content: readFileSync(await file.path()) };
  };
  const svg = await download(en.links.downloadSvg);
  expect(svg.name).toMatch(/^[A-Z0-9]{8}\.svg$/);
  expect(svg.content.toString()).toContain("<svg");
  const png = await download(en.links.downloadPng({ size: "1,024" }));
  const { width, height, data } = PNG.sync.read(png.content);
  expect([width, height]).toEqual([1024, 1024]);
  expect(jsQR(new Uint8ClampedArray(data), width, height)?.data).toBe(url);
});

test("the original link says what it can and cannot do", async ({ page }) => {
  await open(page, "/links", AURORA);
  const original = page.getByRole("region", { name: en.links.original });
  await expect(original).toContainText("/register?ref=");
  await expect(original).toContainText(en.links.originalCannot);
});

test("archived_link_leaves_list_and_still_works", async ({ page }) => {
  await open(page, "/links", DELTA);
  const act = async (name: string, item: string) => {
    await page.getByRole("button", { name: en.links.actions({ name }) }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  const links = page.getByTestId("link");
  const archived = page.getByTestId("archived-link");
  const name = "desk";
  const code = (await links.filter({ hasText: name }).locator(".mono").textContent()) ?? "";
  const before = await links.count();
  await act(name, en.links.archive);
  await expect(links).toHaveCount(before - 1);
  await expect(archived).toBeHidden();
  await page.getByText(en.links.archivedCount({ count: 1 })).click();
  await expect(archived).toContainText(code);
  const invitation = await page.request.get(`/v1/invitation?ref=${code}`);
  expect((await invitation.json()).live).toBe(true);
  // Its name stays beside the invitees who came by it.
  await open(page, "/invitees", DELTA);
  await expect(page.getByLabel(en.invitees.link).locator("option", { hasText: name })).toHaveCount(
    1,
  );
  await open(page, "/links", DELTA);
  await page.getByText(en.links.archivedCount({ count: 1 })).click();
  await act(name, en.links.restore);
  await expect(links).toHaveCount(before);
  await expect(archived).toHaveCount(0);
});

test("default_link_cannot_be_archived", async ({ page }) => {
  await open(page, "/links", AURORA);
  const row = page.getByTestId("link").filter({ hasText: en.links.isDefault });
  await row.locator(".menu-place button").last().click();
  const item = page.getByRole("menuitem", { name: en.links.archive });
  await expect(item).toHaveAttribute("aria-disabled", "true");
});
