import * as oauth from "oauth4webapi";
import type { OidcSignIn } from "../config";
import type { SignedIn } from "./session";

/** Where the issuer sends the user back to. */
export const CALLBACK = "/signed-in";

const STORED = "sign-in";

/** What must be known again when the user comes back. */
interface Begun {
  verifier: string;
  state: string;
  nonce: string;
  returnTo: string;
}

const redirectUri = () => `${location.origin}${CALLBACK}`;

/** Only an issuer on this very machine may do without TLS. */
function options(issuer: string) {
  const { protocol, hostname } = new URL(issuer);
  const local = protocol === "http:" && hostname === "127.0.0.1";
  return { [oauth.allowInsecureRequests]: local };
}

async function server({ issuer }: OidcSignIn): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, options(issuer));
  return oauth.processDiscoveryResponse(url, response);
}

/** Leaves for the issuer's sign-in page. */
export async function begin(config: OidcSignIn, returnTo: string): Promise<void> {
  const { authorization_endpoint: endpoint } = await server(config);
  if (!endpoint) throw new Error("the issuer names no authorization endpoint");
  const begun: Begun = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    returnTo,
  };
  sessionStorage.setItem(STORED, JSON.stringify(begun));
  const url = new URL(endpoint);
  const parameters = {
    ...config.parameters,
    client_id: config.clientId,
    redirect_uri: redirectUri(),
    response_type: "code",
    scope: config.scope,
    code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
    code_challenge_method: "S256",
    state: begun.state,
    nonce: begun.nonce,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  location.assign(url);
}

/** Takes the user who came back with a code. */
export async function finish(config: OidcSignIn): Promise<{ user: SignedIn; returnTo: string }> {
  const text = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  if (!text) throw new Error("no sign-in was begun in this tab");
  const begun = JSON.parse(text) as Begun;
  const issuer = await server(config);
  const client = { client_id: config.clientId };
  const back = new URL(location.href);
  const answer = oauth.validateAuthResponse(issuer, client, back, begun.state);
  const response = await oauth.authorizationCodeGrantRequest(
    issuer,
    client,
    oauth.None(),
    answer,
    redirectUri(),
    begun.verifier,
    options(config.issuer),
  );
  const tokens = await oauth.processAuthorizationCodeResponse(issuer, client, response, {
    expectedNonce: begun.nonce,
    requireIdToken: true,
  });
  const uid = oauth.getValidatedIdTokenClaims(tokens)?.sub;
  if (!uid) throw new Error("the issuer does not say who signed in");
  return { user: userOf(uid, tokens), returnTo: begun.returnTo };
}

/** Another token by the refresh token, where the issuer gave one. */
export async function refresh(config: OidcSignIn, user: SignedIn): Promise<SignedIn | null> {
  if (!user.refreshToken) return null;
  const issuer = await server(config);
  const client = { client_id: config.clientId };
  const response = await oauth.refreshTokenGrantRequest(
    issuer,
    client,
    oauth.None(),
    user.refreshToken,
    options(config.issuer),
  );
  const tokens = await oauth.processRefreshTokenResponse(issuer, client, response);
  const next = userOf(user.uid, tokens);
  // An issuer that does not rotate refresh tokens sends none: the old one stays good.
  return { refreshToken: user.refreshToken, ...next };
}

function userOf(uid: string, tokens: oauth.TokenEndpointResponse): SignedIn {
  const user: SignedIn = { uid, token: tokens.access_token };
  return tokens.refresh_token ? { ...user, refreshToken: tokens.refresh_token } : user;
}
