import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sendEarly, takeEarly } from "./early";

const LINK = "https://page.example/v1/link";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.stubGlobal("location", { origin: "https://page.example" });
  vi.stubGlobal("fetch", async () => new Response("early"));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("early_answer_is_taken_once", async () => {
  sendEarly("/v1/link", "a");
  const answer = await takeEarly(new Request(LINK), "a");
  expect(await answer?.text()).toBe("early");
  expect(takeEarly(new Request(LINK), "a")).toBeNull();
});

test("early_answer_of_another_user_is_dropped", () => {
  sendEarly("/v1/link", "a");
  expect(takeEarly(new Request(LINK), "b")).toBeNull();
  expect(takeEarly(new Request(LINK), "a")).toBeNull();
});

test("early_answer_expires", () => {
  sendEarly("/v1/link", "a");
  vi.advanceTimersByTime(10_000);
  expect(takeEarly(new Request(LINK), "a")).toBeNull();
});

test("failed_early_request_is_sent_again", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("offline");
  });
  sendEarly("/v1/link", "a");
  await new Promise((resolve) => setTimeout(resolve));
  expect(takeEarly(new Request(LINK), "a")).toBeNull();
});

test("early_request_has_a_time_limit", () => {
  const fetch = vi.fn(async (_address: string, _init: RequestInit) => new Response("early"));
  vi.stubGlobal("fetch", fetch);
  const limit = new AbortController().signal;
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(limit);
  sendEarly("/v1/link", "a");
  expect(timeout).toHaveBeenCalledWith(30_000);
  expect(fetch.mock.calls[0]?.[1].signal).toBe(limit);
});
