import { expect, test } from "vitest";
import { languageOf } from "./language";

test("tag_of_a_region_finds_its_language", () => {
  const found = ["pt-PT", "zh-CN", "ar-EG", "es-MX", "ru", "EN-us"].map(languageOf);
  expect(found).toEqual(["pt-BR", "zh-Hans", "ar", "es", "ru", "en"]);
});

test("traditional_chinese_is_not_simplified", () => {
  expect(["zh-TW", "zh-Hant", "zh-Hant-HK"].map(languageOf)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("unknown_language_is_none", () => {
  expect(["de", "", null, "x"].map(languageOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
