/** The affiliate of the sample programme with the most invitees and earnings. */
const AURORA = "10000001";

/** The views by name, each with its address, and its user if it needs a session. */
export const VIEWS = {
  landing: { address: ({ code }) => `/join?ref=${code}` },
  "sign-in": { address: () => "/" },
  overview: { uid: AURORA, address: () => "/" },
  links: { uid: AURORA, address: () => "/links" },
  dashboard: { uid: AURORA, address: () => "/dashboard" },
  invitees: { uid: AURORA, address: () => "/invitees" },
  earnings: { uid: AURORA, address: () => "/earnings" },
  inviter: { uid: "40000001", address: () => "/inviter" },
  confirmation: { uid: "20000002", address: ({ code }) => `/join?ref=${code}` },
  refused: { uid: "30000002", address: ({ code }) => `/join?ref=${code}` },
  missing: { uid: AURORA, address: () => "/nowhere" },
};

/** The code of the link that invitees open. */
export async function linkCode(url) {
  const answer = await fetch(new URL("/sandbox/users", url));
  if (!answer.ok) throw new Error(`${url} is no sandbox: /sandbox/users answers ${answer.status}`);
  const { affiliates } = await answer.json();
  const code = affiliates.find((it) => it.uid === AURORA)?.code;
  if (!code) throw new Error(`${url} has no sample programme`);
  return code;
}

/** The session of a user, as the page keeps it. */
export async function sessionOf(url, uid) {
  const request = { method: "POST", body: JSON.stringify({ uid }) };
  const answer = await fetch(new URL("/sandbox/token", url), request);
  if (!answer.ok) throw new Error(`/sandbox/token answers ${answer.status}`);
  const { token } = await answer.json();
  return JSON.stringify({ uid, token });
}
