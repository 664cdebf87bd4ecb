import { gzipSync } from "node:zlib";
import { AURORA, expect, open, test } from "./page";

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
  expect(await answer.text()).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
});
