import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const texts = JSON.parse(readFileSync(new URL("../src/text/messages/en.json", import.meta.url)));

const AFFILIATE = "10000001";
const INVITEE = "20000001";
const LABEL = "Firefox";

/** What a page must never say, as in the browser tests. */
const COMPLAINT = /Content.Security.Policy|Trusted Type|Uncaught|Warning:/;

/** Signs in, reads the overview, makes a link, and joins through it as an invitee. */
export async function tellStory(browser, url, step) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 860 });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (COMPLAINT.test(message.text())) complaints.push(message.text());
  });

  await page.goto(url);
  await signIn(page, AFFILIATE);
  await overviewIsOfTheApi(page, url);
  step("the overview shows the figures of the API");

  const link = await newLink(page);
  step(`a new link is ${link}`);

  await page.evaluate(() => localStorage.clear());
  await page.goto(`${url}/join${new URL(link).search}`);
  await page.locator(button(texts.landing.signIn)).click();
  await signIn(page, INVITEE);
  await page.locator(button(texts.join.window.bind)).click();
  await page.locator(heading(texts.join.bound)).wait();
  step("the invitee is bound");

  const { inviter } = await ask(url, INVITEE, "/v1/binding");
  assert.equal(inviter, "1***1");
  assert.deepEqual(complaints, []);
}

const named = (role) => (name) => `::-p-aria([name="${name}"][role="${role}"])`;
const button = named("button");
const heading = named("heading");

/** Chooses a user of the sample. */
async function signIn(page, uid) {
  await page.locator(`button.choice ::-p-text(${uid})`).click();
}

async function overviewIsOfTheApi(page, url) {
  const selector = '[data-testid="overview-yesterday"] [data-value]';
  const shown = await page.waitForSelector(selector);
  const { series } = await ask(url, AFFILIATE, "/v1/dashboard");
  const value = await shown.evaluate((it) => it.dataset.value);
  assert.equal(value, series.at(-1).commissionUsd);
}

/** Makes a link that shares the most, and returns its address. */
async function newLink(page) {
  await page.locator(`nav a[href^="/links"]`).click();
  await page.locator(".card-head .button").click();
  await page.locator('.dialog input[maxlength="64"]').fill(LABEL);
  await page.locator(".share-choice .segment:last-child input").click();
  await page.locator('.dialog button[type="submit"]').click();
  const address = await page.waitForSelector('[data-testid="made-link"] .address');
  const link = await address.evaluate((it) => it.textContent);
  assert.match(link, /\/join\?ref=[A-Z0-9]{8}$/);
  return link;
}

/** Asks the API itself, as a user. */
async function ask(url, uid, path) {
  const body = JSON.stringify({ uid });
  const { token } = await (await fetch(`${url}/sandbox/token`, { method: "POST", body })).json();
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, path);
  return answer.json();
}
