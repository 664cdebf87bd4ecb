import { expect, test } from "./page";

const INVITATION = {
  live: true,
  inviter: "1***1",
  sharedCommission: { spot: "0.1", futures: "0" },
};

test("landing_is_readable_within_2_5_s_on_3g", async ({ page }) => {
  const LATENCY_MS = 400;
  // An answer of a test is not slowed down by the browser.
  await page.route("**/v1/invitation?**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
    await route.fulfill({ json: INVITATION });
  });
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: 50_000,
    uploadThroughput: 50_000,
  });
  // By the page's own clock, which does not run while the test waits for the browser.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector("h1")) return;
      document.documentElement.dataset["readable"] = `${performance.now()}`;
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto("/join.html?ref=6TKU9VDE", { waitUntil: "commit" });
  await expect(page.getByRole("heading", { level: 1 })).toContainText("10%");
  const readable = Number(await page.locator("html").getAttribute("data-readable"));
  console.log(`landing: readable after ${Math.round(readable)} ms on slow 3G`);
  expect(readable).toBeGreaterThan(3 * LATENCY_MS);
  expect(readable).toBeLessThan(2_500);
});
