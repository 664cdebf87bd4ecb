"""The four routes that users wait for, as a Python function with boto3.

A benchmark and not a second implementation. It reads and writes the items of
docs/reference/table.md by the same calls and conditions, but evaluates only age, inactivity, bound
or not, link and programme (no regions, no persons, no history of rules). It draws no QR code. Its
dashboard reads everything and returns `dataAsOf` and the number of summaries. A loop at the end
replaces awslambdaric and does the same for a function.
"""

import base64
import hashlib
import hmac
import json
import os
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

TABLE = os.environ["TABLE_NAME"]
KEY = os.environ["SIGNING_KEYS"].split(",")[0].encode()
DAYS = 90
dynamodb = boto3.client("dynamodb")
pack, unpack = TypeSerializer().serialize, TypeDeserializer().deserialize


def item_of(wire):
    return {name: unpack(value) for name, value in wire.items()}


def key(pk, sk):
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def read(*keys):
    wanted = {TABLE: {"Keys": [key(*pair) for pair in keys], "ConsistentRead": True}}
    found = dynamodb.batch_get_item(RequestItems=wanted)["Responses"][TABLE]
    items = {(item["pk"]["S"], item["sk"]["S"]): item_of(item) for item in found}
    return [items.get(pair) for pair in keys]


def read_link(code):
    found = dynamodb.get_item(TableName=TABLE, Key=key(f"C#{code}", "LINK"), ConsistentRead=True)
    return item_of(found["Item"]) if "Item" in found else None


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_force(timeline, now):
    values = [value for since, value in timeline if instant(since) <= now]
    return values[-1] if values else None


def masked(uid):
    return f"{uid[0]}***{uid[-1]}"


def link_of(caller, now):
    account, links = read((f"U#{caller}", "ACCOUNT"), (f"A#{caller}", "LINKS"))
    if not account or not in_force(account["facts"]["affiliate"], now):
        return 403, {"code": "inviter_not_affiliate"}
    link = next(link for link in links["links"] if link["facts"]["code"] == links["default"])
    return 200, {"code": link["facts"]["code"], "invites": ["new", "existing"],
                 "sharedCommission": link["shared"], "createdAt": link["createdAt"]}


def is_eligible(account, link, inviter, now):
    facts, long_ago = account["facts"], now - timedelta(days=DAYS)
    active = facts.get("lastActivityAt")
    return bool(not facts.get("inviter") and not facts.get("mainUid")
                and link["facts"]["invitesExisting"] and link["facts"]["owner"] != facts["uid"]
                and in_force(inviter["facts"]["affiliate"], now)
                and instant(inviter["facts"]["registeredAt"]) <= instant(facts["registeredAt"])
                and instant(facts["registeredAt"]) < long_ago
                and (not active or instant(active) < long_ago))


def window(caller, code, now):
    link = read_link(code)
    if not link:
        return 404, {"code": "unknown_link"}
    owner = link["facts"]["owner"]
    account, inviter = read((f"U#{caller}", "ACCOUNT"), (f"U#{owner}", "ACCOUNT"))
    answer = {"code": code, "inviter": masked(owner), "sharedCommission": link["shared"],
              "eligible": is_eligible(account, link, inviter, now)}
    if answer["eligible"]:
        answer["confirmation"] = seal({"uid": caller, "code": code, "until": now.timestamp() + 600})
    return 200, answer


def seal(payload):
    body = json.dumps(payload).encode()
    return base64.urlsafe_b64encode(hmac.digest(KEY, body, "sha256") + body).decode()


def opened(token, caller, now):
    token = base64.urlsafe_b64decode(token)
    payload = json.loads(token[32:])
    good = hmac.compare_digest(token[:32], hmac.digest(KEY, token[32:], "sha256"))
    return payload if good and payload["uid"] == caller and payload["until"] > now.timestamp() else None


def bind(caller, body, now):
    confirmed = opened(json.loads(body)["confirmation"], caller, now)
    if not confirmed:
        return 422, {"code": "confirmation_invalid"}
    link = read_link(confirmed["code"])
    owner = link["facts"]["owner"]
    account, inviter = read((f"U#{caller}", "ACCOUNT"), (f"U#{owner}", "ACCOUNT"))
    relation = account.get("relation")
    if relation and relation["code"] == confirmed["code"] and not relation["voidedAt"]:
        return 200, binding_of(read((f"U#{caller}", "BINDING"))[0])
    if not is_eligible(account, link, inviter, now):
        return 422, {"code": "refused"}
    relation = {"inviter": owner, "invitee": caller, "code": confirmed["code"], "origin": "recall",
                "boundAt": text_of(now), "shared": link["shared"], "voidedAt": None}
    binding = {"relation": relation, "rule": "90-days", "invitee": account["facts"], "inviter": inviter["facts"]}
    try:
        write(caller, account, relation, binding)
    except ClientError as error:
        if error.response["Error"]["Code"] != "TransactionCanceledException":
            raise
        return 409, {"code": "conflict"}
    return 201, binding_of(binding)


def write(caller, account, relation, binding):
    read_at = account["rev"]
    bound = account | {"facts": account["facts"] | {"inviter": relation["inviter"]},
                       "relation": relation, "rev": read_at + 1}
    shard = hashlib.sha256(caller.encode()).digest()[0] % 64
    listed = {"pk": f"B#{relation['boundAt'][:10]}#{shard:02}", "sk": caller, "v": 1} | relation
    puts = [
        put(bound, "rev = :rev", {":rev": pack(read_at)}),
        put({"pk": f"U#{caller}", "sk": "BINDING", "v": 1} | binding, "attribute_not_exists(pk)"),
        put(listed, "attribute_not_exists(pk)"),
    ]
    dynamodb.transact_write_items(TransactItems=puts)


def put(item, condition, values=None):
    written = {"TableName": TABLE, "Item": {name: pack(value) for name, value in item.items()},
               "ConditionExpression": condition}
    return {"Put": written | ({"ExpressionAttributeValues": values} if values else {})}


def binding_of(binding):
    relation = binding["relation"]
    return {"inviter": masked(relation["inviter"]), "code": relation["code"], "boundAt": relation["boundAt"],
            "sharedCommission": relation["shared"], "rule": binding["rule"]}


def dashboard(caller, query, now):
    head, account, _ = read(("HEAD", "HEAD"), (f"U#{caller}", "ACCOUNT"), (f"A#{caller}", "TOTALS"))
    if not account:
        return 404, {"code": "unknown_account"}
    first, last = f"DAY#{query['from']}#", f"DAY#{query['to']}#~"
    asked = dict(TableName=TABLE, ConsistentRead=True, KeyConditionExpression="pk = :pk AND sk BETWEEN :a AND :b",
                 ExpressionAttributeValues={":pk": {"S": f"A#{caller}"}, ":a": {"S": first}, ":b": {"S": last}})
    items = [item_of(item) for item in dynamodb.query(**asked)["Items"]]
    closed = instant(head["closedThrough"] + "T00:00:00Z") + timedelta(days=1)
    return 200, {"dataAsOf": text_of(closed), "summaries": len(items)}


def answer(event):
    now = datetime.now(timezone.utc)
    caller = event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"]
    query = event.get("queryStringParameters") or {}
    match event["routeKey"]:
        case "GET /v1/link":
            status, body = link_of(caller, now)
        case "GET /v1/bind":
            status, body = window(caller, query["ref"], now)
        case "POST /v1/bind":
            status, body = bind(caller, event["body"], now)
        case "GET /v1/dashboard":
            status, body = dashboard(caller, query, now)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def main():
    api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    dynamodb.get_item(TableName=TABLE, Key=key("HEAD", "HEAD"))
    while True:
        with urllib.request.urlopen(f"{api}/next") as brought:
            event, request = json.load(brought), brought.headers["Lambda-Runtime-Aws-Request-Id"]
        data = json.dumps(answer(event)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{api}/{request}/response", data, method="POST")).close()


main()
