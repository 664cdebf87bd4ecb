// The four routes that users wait for, as a Node.js function with the AWS SDK v3. It omits the same
// parts as ../python/twin.py, which lists them.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand, TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";

const TableName = process.env.TABLE_NAME;
const KEY = process.env.SIGNING_KEYS.split(",")[0];
const LONG = 90 * 86_400_000;
const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient({}));

async function read(...keys) {
  const Keys = keys.map(([pk, sk]) => ({ pk, sk }));
  const request = new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
  const found = (await dynamodb.send(request)).Responses[TableName];
  return keys.map(([pk, sk]) => found.find((item) => item.pk === pk && item.sk === sk));
}

const readLink = async (code) =>
  (await dynamodb.send(new GetCommand({ TableName, Key: { pk: `C#${code}`, sk: "LINK" }, ConsistentRead: true }))).Item;

const inForce = (timeline, now) => timeline.filter(([since]) => Date.parse(since) <= now).at(-1)?.[1];
const masked = (uid) => `${uid.at(0)}***${uid.at(-1)}`;

async function linkOf(caller, now) {
  const [account, links] = await read([`U#${caller}`, "ACCOUNT"], [`A#${caller}`, "LINKS"]);
  if (!account || !inForce(account.facts.affiliate, now)) return [403, { code: "inviter_not_affiliate" }];
  const link = links.links.find((link) => link.facts.code === links.default);
  const { facts, shared, createdAt } = link;
  return [200, { code: facts.code, invites: ["new", "existing"], sharedCommission: shared, createdAt }];
}

function isEligible({ facts }, link, inviter, now) {
  const active = facts.lastActivityAt;
  return !facts.inviter && !facts.mainUid && link.facts.invitesExisting && link.facts.owner !== facts.uid
    && Boolean(inForce(inviter.facts.affiliate, now))
    && Date.parse(inviter.facts.registeredAt) <= Date.parse(facts.registeredAt)
    && now - Date.parse(facts.registeredAt) > LONG && (!active || now - Date.parse(active) > LONG);
}

async function window(caller, code, now) {
  const link = await readLink(code);
  if (!link) return [404, { code: "unknown_link" }];
  const owner = link.facts.owner;
  const [account, inviter] = await read([`U#${caller}`, "ACCOUNT"], [`U#${owner}`, "ACCOUNT"]);
  const eligible = isEligible(account, link, inviter, now);
  const answer = { code, inviter: masked(owner), sharedCommission: link.shared, eligible };
  if (eligible) answer.confirmation = seal({ uid: caller, code, until: now + 600_000 });
  return [200, answer];
}

const macOf = (body) => createHmac("sha256", KEY).update(body).digest();

function seal(payload) {
  const body = Buffer.from(JSON.stringify(payload));
  return Buffer.concat([macOf(body), body]).toString("base64url");
}

function opened(token, caller, now) {
  const bytes = Buffer.from(token, "base64url");
  const body = bytes.subarray(32);
  if (bytes.length < 33 || !timingSafeEqual(bytes.subarray(0, 32), macOf(body))) return undefined;
  const payload = JSON.parse(body);
  return payload.uid === caller && payload.until > now ? payload : undefined;
}

async function bind(caller, body, now) {
  const confirmed = opened(JSON.parse(body).confirmation, caller, now);
  if (!confirmed) return [422, { code: "confirmation_invalid" }];
  const link = await readLink(confirmed.code);
  const owner = link.facts.owner;
  const [account, inviter] = await read([`U#${caller}`, "ACCOUNT"], [`U#${owner}`, "ACCOUNT"]);
  if (account.relation?.code === confirmed.code && !account.relation.voidedAt) {
    return [200, bindingOf((await read([`U#${caller}`, "BINDING"]))[0])];
  }
  if (!isEligible(account, link, inviter, now)) return [422, { code: "refused" }];
  const relation = {
    inviter: owner, invitee: caller, code: confirmed.code, origin: "recall",
    boundAt: new Date(now).toISOString(), shared: link.shared, voidedAt: null,
  };
  const binding = { relation, rule: "90-days", invitee: account.facts, inviter: inviter.facts };
  try {
    await write(caller, account, relation, binding);
  } catch (error) {
    if (error.name !== "TransactionCanceledException") throw error;
    return [409, { code: "conflict" }];
  }
  return [201, bindingOf(binding)];
}

async function write(caller, account, relation, binding) {
  const facts = { ...account.facts, inviter: relation.inviter };
  const bound = { ...account, facts, relation, rev: account.rev + 1 };
  const shard = String(createHash("sha256").update(caller).digest()[0] % 64).padStart(2, "0");
  const listed = { pk: `B#${relation.boundAt.slice(0, 10)}#${shard}`, sk: caller, v: 1, ...relation };
  const put = (Item, ConditionExpression, ExpressionAttributeValues) =>
    ({ Put: { TableName, Item, ConditionExpression, ExpressionAttributeValues } });
  const TransactItems = [
    put(bound, "rev = :rev", { ":rev": account.rev }),
    put({ pk: `U#${caller}`, sk: "BINDING", v: 1, ...binding }, "attribute_not_exists(pk)"),
    put(listed, "attribute_not_exists(pk)"),
  ];
  await dynamodb.send(new TransactWriteCommand({ TransactItems }));
}

const bindingOf = ({ relation, rule }) => ({
  inviter: masked(relation.inviter), code: relation.code, boundAt: relation.boundAt,
  sharedCommission: relation.shared, rule,
});

async function dashboard(caller, query) {
  const [head, account] = await read(["HEAD", "HEAD"], [`U#${caller}`, "ACCOUNT"], [`A#${caller}`, "TOTALS"]);
  if (!account) return [404, { code: "unknown_account" }];
  const found = await dynamodb.send(new QueryCommand({
    TableName, ConsistentRead: true, KeyConditionExpression: "pk = :pk AND sk BETWEEN :a AND :b",
    ExpressionAttributeValues: { ":pk": `A#${caller}`, ":a": `DAY#${query.from}#`, ":b": `DAY#${query.to}#~` },
  }));
  const closed = Date.parse(`${head.closedThrough}T00:00:00Z`) + 86_400_000;
  return [200, { dataAsOf: new Date(closed).toISOString(), summaries: found.Items.length }];
}

async function answer(event) {
  const now = Date.now();
  const caller = event.requestContext.authorizer.jwt.claims.sub;
  const query = event.queryStringParameters ?? {};
  const routes = {
    "GET /v1/link": () => linkOf(caller, now),
    "GET /v1/bind": () => window(caller, query.ref, now),
    "POST /v1/bind": () => bind(caller, event.body, now),
    "GET /v1/dashboard": () => dashboard(caller, query),
  };
  const [statusCode, body] = await routes[event.routeKey]();
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
await dynamodb.send(new GetCommand({ TableName, Key: { pk: "HEAD", sk: "HEAD" } }));
for (;;) {
  const brought = await fetch(`${api}/next`);
  const request = brought.headers.get("lambda-runtime-aws-request-id");
  const body = JSON.stringify(await answer(await brought.json()));
  await (await fetch(`${api}/${request}/response`, { method: "POST", body })).text();
}
