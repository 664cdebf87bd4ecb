import { expect, test } from "vitest";
import { compare, type Messages, parseMessages } from "./catalogue.ts";
import { readCatalogues } from "./files.ts";

const parsed = (language: string, messages: Messages) => {
  const problems: string[] = [];
  return { catalogue: parseMessages(language, messages, problems), problems };
};

const english = parsed("en", {
  title: "Links",
  group: { joined: "{uid} joined through {link}." },
  count: "{count, plural, one {# fee: {why}} other {# fees: {why}}}",
  share: "{market, select, spot {Spot} futures {Futures} other {Fees}}",
}).catalogue;

const problemsOf = (messages: Messages) => {
  const { catalogue, problems } = parsed("ru", messages);
  return [...problems, ...compare("ru", catalogue, english)];
};

const RUSSIAN = {
  title: "Ссылки",
  group: { joined: "{link}: {uid}" },
  count: "{count, plural, one {# a {why}} few {# b {why}} many {# c {why}} other {# d {why}}}",
  share: "{market, select, spot {Спот} futures {Фьючерсы} other {Комиссии}}",
};

test("catalogues_of_all_languages_are_complete", () => {
  expect([...readCatalogues().keys()]).toEqual([
    "en",
    "es",
    "pt-BR",
    "tr",
    "ru",
    "vi",
    "zh-Hans",
    "ar",
  ]);
});

test("complete_catalogue_has_no_problems", () => {
  expect(problemsOf(RUSSIAN)).toEqual([]);
});

test("missing_and_superfluous_texts_are_named", () => {
  const { title: _, ...rest } = RUSSIAN;
  expect(problemsOf({ ...rest, more: "Ещё" })).toEqual([
    "ru: title is missing",
    "ru: more is superfluous",
  ]);
});

test("placeholder_that_differs_is_named", () => {
  expect(problemsOf({ ...RUSSIAN, group: { joined: "{user}: {link}" } })).toEqual([
    "ru: group.joined has link (text), user (text); English has link (text), uid (text)",
  ]);
  expect(problemsOf({ ...RUSSIAN, share: "{market, select, spot {Спот} other {Всё}}" })).toEqual([
    "ru: share has market (other, spot); English has market (futures, other, spot)",
  ]);
});

test("plural_without_a_category_is_refused", () => {
  const [problem] = problemsOf({
    ...RUSSIAN,
    count: "{count, plural, one {# a {why}} other {# b {why}}}",
  });
  expect(problem).toBe("ru: count: has the plurals one, other for few, many, one, other");
});

test("plural_form_without_a_placeholder_is_refused", () => {
  const count = "{count, plural, one {# a} few {# b {why}} many {# c {why}} other {# d {why}}}";
  expect(problemsOf({ ...RUSSIAN, count })[0]).toBe(
    "ru: count: has other arguments in the form few",
  );
});

test("formats_of_icu_are_refused", () => {
  expect(problemsOf({ ...RUSSIAN, title: "{when, date}" })[0]).toContain("uses a format");
});
