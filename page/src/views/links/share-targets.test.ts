import { expect, test } from "vitest";
import { asOneText, SHARE_TARGETS } from "./share-targets";

const URL_SHARED = "https://example.com/join?ref=6TKU9VDE&x=1";
const shareable = { text: "Get 10% of your fees back & more", url: URL_SHARED };

test("every_target_holds_the_link_once", () => {
  for (const target of Object.values(SHARE_TARGETS)) {
    const decoded = decodeURIComponent(target(shareable));
    expect(decoded.split(URL_SHARED)).toHaveLength(2);
  }
});

test("message_survives_the_address", () => {
  const query = new URL(SHARE_TARGETS.telegram(shareable)).searchParams;
  expect(query.get("text")).toBe(shareable.text);
  expect(query.get("url")).toBe(shareable.url);
  const message = new URL(SHARE_TARGETS.whatsapp(shareable)).searchParams.get("text");
  expect(message).toBe(asOneText(shareable));
});
