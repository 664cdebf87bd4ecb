import { others } from "virtual:texts/page";
import { texts as ar } from "virtual:texts/page-ar";
import { texts as en } from "virtual:texts/page-en";
import { texts as pseudo } from "virtual:texts/page-en-XA";
import { texts as ru } from "virtual:texts/page-ru";
import { expect, test } from "vitest";
import { LANGUAGE_CODES } from "../src/text/languages.ts";

test("russian_counts_have_three_forms", () => {
  expect([1, 2, 5, 11, 21, 1_234].map((count) => ru.dashboard.feeCount({ count }))).toEqual([
    "1 комиссия",
    "2 комиссии",
    "5 комиссий",
    "11 комиссий",
    "21 комиссия",
    "1\u00a0234 комиссии",
  ]);
});

test("arabic_counts_have_six_forms", () => {
  const forms = [0, 1, 2, 3, 11, 100].map((count) => ar.dashboard.feeCount({ count }));
  expect(forms).toEqual(["لا رسوم", "رسم واحد", "رسمان", "3 رسوم", "11 رسمًا", "100 رسم"]);
});

test("choice_selects_its_form", () => {
  expect(en.links.shareOf({ market: "futures" })).toBe("Rebate on futures fees");
});

test("arabic_placeholders_keep_their_direction", () => {
  expect(ar.dashboard.tier({ tier: "1***2" })).toContain("\u20681***2\u2069");
  expect(en.dashboard.tier({ tier: "1***2" })).toBe("Tier 1***2");
});

test("pseudo_texts_are_longer_and_keep_placeholders", () => {
  const text = pseudo.overview.joined({ uid: "10000001", link: "forum" });
  expect(text).toContain("10000001");
  expect(text).toContain("forum");
  expect(pseudo.links.lead.length).toBeGreaterThan(en.links.lead.length * 1.3);
  expect(pseudo.nav.links).not.toBe(en.nav.links);
});

test("languages_but_english_are_loaded_when_needed", async () => {
  expect(["en", ...Object.keys(others)]).toEqual(LANGUAGE_CODES);
  expect((await others.ru()).texts.nav.links).toBe(ru.nav.links);
});
