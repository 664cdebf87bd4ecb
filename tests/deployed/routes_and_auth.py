"""Chapter: routes and tokens by raw HTTP: the answers of the authorizer and of the functions."""

import base64
import json

from adapters import authorized_routes
from issuer import Issuer
from template import expand
from test_app import PAGE

GATEWAY_REFUSAL = (401, {"message": "Unauthorized"})
GATEWAY_UNKNOWN = (404, {"message": "Not Found"})
TOKEN_SECONDS = 3600

# The status of each route for an affiliate's smallest useful request.
EXPECTED = {
    "GET /v1/link": 200,
    "GET /v1/link/qr.svg": 200,
    "GET /v1/link/qr.png": 200,
    "GET /v1/links": 200,
    "POST /v1/links": 201,
    "PATCH /v1/links/{code}": 200,
    "GET /v1/bind": 200,
    "POST /v1/bind": 422,
    "GET /v1/binding": 404,
    "GET /v1/dashboard": 200,
    "GET /v1/dashboard/referrals": 200,
    "GET /v1/dashboard/commissions": 200,
}
BODIES = {
    "POST /v1/links": {},
    "PATCH /v1/links/{code}": {"label": "Spring"},
    "POST /v1/bind": {"confirmation": "junk"},
}
# Routes that need no token.
PUBLIC = "GET /v1/invitation", "GET /v1/invitation/card"
# Routes whose smallest request names a link.
WITH_LINK = {"GET /v1/bind", *PUBLIC}


def check(app, checks):
    routes = authorized_routes(expand(app.stack.release))
    checks.equal("routes of the template", sorted(EXPECTED), sorted(routes))
    code = app.get("/v1/link", "affiliate").json()["code"]
    for route in routes:
        accepted(app, checks, route, code)
    for what, token in refused_tokens(app).items():
        for route in routes:
            found = call_route(app, route, code, token)
            checks.equal(f"{route} with {what}", GATEWAY_REFUSAL, (found.status, found.json()))
    found = app.api.call("GET", f"/v1/invitation?ref={code}")
    checks.equal("an invitation without a token", (200, True), (found.status, found.json().get("live")))
    card = app.api.call("GET", f"/v1/invitation/card?ref={code}")
    checks.equal("a card without a token", (200, True), (card.status, "og:title" in card.text()))
    unknown(app, checks)
    refusals_of_functions(app, checks)
    cross_origin(app, checks)


def accepted(app, checks, route, code):
    found = call_route(app, route, code, app.token("affiliate"))
    checks.equal(f"{route} with a good token", EXPECTED[route], found.status)
    if found.status >= 400:
        content_type = found.headers["content-type"]
        checks.equal(f"the type of {route}'s refusal", "application/problem+json", content_type)
    strange = call_route(app, route, code, app.token("affiliate"), "nonsense=1")
    problem = strange.json()
    found = strange.status, problem["code"], problem.get("parameter")
    checks.equal(f"{route}?nonsense=1", (400, "bad_request", "nonsense"), found)


def call_route(app, route, code, token, query=""):
    """Calls a route with its smallest request."""
    method, path = route.split(" ")
    queries = [query] if query else []
    if route in WITH_LINK:
        queries.append(f"ref={code}")
    target = path.replace("{code}", code) + ("?" + "&".join(queries) if queries else "")
    return app.api.call(method, target, token, BODIES.get(route))


def refused_tokens(app):
    """Invalid tokens, one of each kind."""
    good = app.token("affiliate")
    stranger = Issuer(app.aws, "another exchange")
    stranger.user("affiliate")
    other = app.users.issuer.application("another application")
    tokens = {
        "no token": None,
        "an empty token": "",
        "a junk token": "junk",
        "an altered signature": altered_signature(good),
        "another user's id": altered_subject(good, app.uid("dormant")),
        "no signature": unsigned(good),
        "a foreign issuer's token": stranger.token("affiliate"),
        "another application's token": app.users.issuer.token("affiliate", other),
    }
    # In an account, an expired token takes an hour.
    if hasattr(app.aws.clock, "advance"):
        app.aws.clock.advance(TOKEN_SECONDS + 1)
        tokens["an expired token"] = good
    return tokens


def altered_signature(token):
    head, claims, signature = token.split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{head}.{claims}.{signature[:middle]}{other}{signature[middle + 1:]}"


def altered_subject(token, uid):
    head, claims, signature = token.split(".")
    return f"{head}.{packed(unpacked(claims) | {'sub': uid})}.{signature}"


def unsigned(token):
    head, claims, _ = token.split(".")
    return f"{packed(unpacked(head) | {'alg': 'none'})}.{claims}."


def unpacked(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def packed(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unknown(app, checks):
    """Paths and methods without a route never reach a function."""
    for method, target in (
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1/link/"),
        ("GET", "/v2/link"),
        ("DELETE", "/v1/link"),
        ("PUT", "/v1/links/ABCDEFGH"),
        ("POST", "/sandbox/token"),
    ):
        found = app.call(method, target, "affiliate")
        checks.equal(f"{method} {target}", GATEWAY_UNKNOWN, (found.status, found.json()))


def refusals_of_functions(app, checks):
    """With a valid token, a caller reads and changes only their own data."""
    for name, target, expected in (
        ("dormant", "/v1/link", (403, "inviter_not_affiliate")),
        ("dormant", "/v1/dashboard", (403, "inviter_not_affiliate")),
        ("stranger", "/v1/link", (403, "unknown_account")),
        ("stranger", "/v1/binding", (404, "not_found")),
        ("stranger", "/v1/bind?ref=ZZZZZZZZ", (404, "unknown_link")),
    ):
        found = app.get(target, name, x_user_id=app.uid("affiliate"))
        checks.equal(f"{target} for {name}", expected, (found.status, found.json()["code"]))


def cross_origin(app, checks):
    """The page's origin may call the API from browsers, and no other."""
    asks = {"access_control_request_method": "PATCH", "access_control_request_headers": "authorization"}
    allowed = app.api.call("OPTIONS", "/v1/links/ABCDEFGH", origin=PAGE, **asks)
    checks.equal("a preflight", 204, allowed.status)
    names = ("origin", "methods", "headers")
    found = [words(allowed, f"access-control-allow-{name}") for name in names]
    headers = ["accept", "authorization", "content-type", "idempotency-key", "if-none-match"]
    expected = [[PAGE], ["get", "patch", "post"], headers]
    checks.equal("what a preflight allows", expected, found)
    read = app.get("/v1/links", "affiliate", origin=PAGE)
    checks.equal("origin of an answer", PAGE, read.headers["access-control-allow-origin"])
    exposed = ["content-disposition", "data-as-of", "etag", "link"]
    checks.equal("headers to be read", exposed, words(read, "access-control-expose-headers"))
    foreign = {"origin": "https://evil.example.com"}
    for found in (
        app.api.call("OPTIONS", "/v1/links", **foreign, **asks),
        app.get("/v1/links", "affiliate", **foreign),
    ):
        allowed = found.headers.get("access-control-allow-origin")
        checks.equal("what a foreign origin is allowed", None, allowed)


def words(answer, header):
    """The words of a header in order; a gateway may list them in any."""
    return sorted(word.strip().lower() for word in answer.headers[header].split(","))
