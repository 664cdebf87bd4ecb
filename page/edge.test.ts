import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";

interface EdgeRequest {
  uri: string;
  querystring: Record<string, { value: string; multiValue?: { value: string }[] }>;
  headers: Record<string, { value: string }>;
}

const template = readFileSync("../template.yaml", "utf8");

/** The function of CloudFront that routes requests for the page, as the template deploys it. */
const code = () => {
  const [, source] = /FunctionCode: \|\n((?: {8}.*\n|\n)+)/.exec(template) ?? [];
  if (!source) throw new Error("the template has no function for the page's routes");
  return source.replace("import cf from 'cloudfront';", "");
};

function route(uri: string, agent: string | null, querystring: EdgeRequest["querystring"] = {}) {
  const origins: string[] = [];
  const cf = { selectRequestOriginById: (id: string) => void origins.push(id) };
  const headers = agent === null ? {} : { "user-agent": { value: agent } };
  const event = { request: { uri, querystring, headers } };
  const request: EdgeRequest = runInContext(
    `${code()}; handler(event)`,
    createContext({ cf, event }),
  );
  return { uri: request.uri, query: { ...request.querystring }, origins };
}

const ref = { value: "6TKU9VDE" };
const BROWSER = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/148.0.0.0 Mobile";

test("messenger_is_routed_to_the_card", () => {
  const agents = [
    "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot 1.0",
    "Viber/24.1.0",
    "Zalo/640",
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0",
    "meta-externalagent/1.1",
    "Mozilla/5.0 (compatible; OdklBot/1.0 like Linux; klass@odnoklassniki.ru)",
  ];
  for (const agent of agents) {
    const found = route("/join", agent, { ref, utm_source: { value: "chat" } });
    expect(found).toEqual({ uri: "/v1/invitation/card", query: { ref }, origins: ["api"] });
  }
});

test("browser_is_routed_to_the_document", () => {
  // The browsers that messengers open links in name them too.
  const own = ["Zalo iOS/640 ZaloTheme/light", "KAKAOTALK 11.2.0", "Line/15.1.0"];
  for (const agent of [BROWSER, null, ...own.map((app) => `${BROWSER} ${app}`)]) {
    const found = route("/join", agent, { ref });
    expect(found).toEqual({ uri: "/join.html", query: {}, origins: [] });
  }
  expect(route("/", BROWSER).uri).toBe("/index.html");
  expect(route("/earnings", BROWSER, { sort: { value: "day" } }).uri).toBe("/index.html");
  expect(route("/assets/main-1a2b.js", BROWSER).uri).toBe("/assets/main-1a2b.js");
});

test("messenger_without_a_code_gets_the_document", () => {
  const twice = { value: "6TKU9VDE", multiValue: [ref, ref] };
  for (const query of [{}, { ref: { value: "../v1" } }, { ref: { value: "" } }, { ref: twice }]) {
    expect(route("/join", "WhatsApp/2.23", query).uri).toBe("/join.html");
  }
  expect(route("/links", "WhatsApp/2.23", { ref }).uri).toBe("/index.html");
});

/** Returns the origin and the cache policy of a path: those of the first behaviour that fits. */
function behaviourOf(path: string): Record<"origin" | "caching", string | undefined> {
  const [, list = ""] = /\n {8}CacheBehaviors:\n((?: {10}.*\n)+)/.exec(template) ?? [];
  const behaviours = list.split("- PathPattern: ").slice(1);
  const found = behaviours.find((it) => {
    const [pattern = ""] = it.split("\n");
    return new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(path);
  });
  const value = (name: string) => new RegExp(`^ +${name}: (.+)$`, "m").exec(found ?? "")?.[1];
  return { origin: value("TargetOriginId"), caching: value("CachePolicyId") };
}

test("invitation_is_kept_at_the_edge_by_its_code", () => {
  const kept = { origin: "api", caching: "!Ref InvitationCaching" };
  expect(behaviourOf("/v1/invitation")).toEqual(kept);
  expect(behaviourOf("/v1/invitation/card")).toEqual(kept);
  expect(behaviourOf("/join")).toEqual({ ...kept, origin: "page" });
  const [, policy = ""] = /\n {2}InvitationCaching:\n((?: {4}.*\n)+)/.exec(template) ?? [];
  expect(policy).toContain("QueryStrings: [ref]");
  // The answer to a page of another origin names it, so that it is kept apart.
  expect(policy).toContain("Headers: [Origin]");
});

test("answers_to_tokens_are_never_kept", () => {
  const disabled = { origin: "api", caching: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" };
  for (const path of ["/v1/link", "/v1/bind", "/v1/dashboard", "/v1/dashboard/commissions"]) {
    expect(behaviourOf(path)).toEqual(disabled);
  }
});
