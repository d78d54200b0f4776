/** What the tests share: an issuer that can lie, be slow and be away; a clock; keys. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { CompactSign, exportJWK, generateKeyPair } from "jose";

const DEFAULT = new URL("../../tests/vectors/access_tokens.json", import.meta.url);
const FILE = process.env.VECTORS
  ? new URL(process.env.VECTORS, `file://${process.cwd()}/`)
  : DEFAULT;

/** The shared vectors, or another file beside them. @param {string} [name] */
export function vectors(name) {
  return JSON.parse(readFileSync(name ? new URL(name, FILE) : FILE, "utf8"));
}

export const NOW = 1_800_000_000;
export const SID = "7d3c1b2a-9e8f-4d6c-b5a4-3f2e1d0c9b8a";

/** A clock that goes when it is told to. */
export function fakeClock(now = NOW) {
  const clock = () => clock.now;
  clock.now = now;
  return clock;
}

export const quiet = { warn() {}, error() {} };

/** An ES256 key with its public JWK and a way to sign. @param {string} kid */
export async function makeKey(kid) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "ES256" };
  const sign = (payload, typ) =>
    new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: "ES256", kid, typ })
      .sign(privateKey);
  return { kid, jwk, sign };
}

/** What a list of revocations says, with these members instead. */
export function listClaims(more = {}) {
  const times = { iat: NOW, exp: NOW + 90, window: 330 };
  return { iss: "https://id.example", ...times, sids: {}, kids: {}, ...more };
}

/**
 * For startIssuer: the keys of `state.published` at /keys, and elsewhere the list that
 * `state.listed` returns, with its ETag.
 */
export function serveLists(state) {
  return ({ url, headers: asked }) => {
    if (url === "/keys") return { body: JSON.stringify({ keys: state.published }) };
    const body = state.listed();
    const headers = { etag: `"${body.length}-${body.slice(-8)}"` };
    const known = asked["if-none-match"] === headers.etag;
    return known ? { status: 304, headers } : { headers, body };
  };
}

/**
 * A server whose `answer` may be set: (request) => {status, headers, body}, or null for
 * a connection that is dropped. `seen` holds the requests.
 */
export async function startIssuer(answer) {
  const issuer = { answer, seen: [] };
  const server = createServer(async (request, response) => {
    issuer.seen.push(request);
    const found = await issuer.answer(request);
    if (!found) return request.socket.destroy();
    response.writeHead(found.status ?? 200, found.headers);
    response.end(found.body);
  });
  // The process of the tests ends when they have, whatever is still open here.
  server.on("connection", (socket) => socket.unref());
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  issuer.url = `http://127.0.0.1:${server.address().port}/`;
  return issuer;
}
