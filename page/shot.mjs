import { chromium } from "@playwright/test";
const [,, uid, path, out, width="1280", theme="light", lang="en", full="full"] = process.argv;
const base = process.env.BASE ?? "http://127.0.0.1:8190";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const ctx = await browser.newContext({ viewport: { width: +width, height: +width < 500 ? 800 : 860 }, colorScheme: theme, locale: lang === "tr" ? "tr-TR" : "en-GB" });
const page = await ctx.newPage();
page.on("console", m => console.log("console:", m.type(), m.text().slice(0,300)));
page.on("pageerror", e => console.log("error:", e.message.slice(0,400)));
if (uid !== "-") {
  const r = await (await fetch(base + "/sandbox/token", { method: "POST", body: JSON.stringify({ uid }) })).json();
  await page.addInitScript(([uid, token]) => { if (!sessionStorage.getItem("session")) sessionStorage.setItem("session", JSON.stringify({ uid, token })); }, [uid, r.token]);
}
await page.goto(base + path);
await page.waitForLoadState("networkidle");
await page.waitForTimeout(400);
if (process.env.DO) await eval(`(async()=>{${process.env.DO}})()`);
await page.waitForTimeout(300);
await page.screenshot({ path: out, fullPage: full === "full" });
await browser.close();
