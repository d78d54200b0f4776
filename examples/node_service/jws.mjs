/** Compact JWS (RFC 7515): its form, its header and its signature; no claims yet. */

import { compactVerify } from "jose";

import { InvalidToken } from "./errors.mjs";
import { ALGORITHMS, MAX_KID } from "./jwk.mjs";
import { base64url, isText, jsonObject } from "./strict.mjs";

/**
 * All that a header may hold. An allow-list keeps out `jku`, `x5u`, `jwk` and `x5c` (a
 * token must not bring or name its own key), `crit` and `b64` in one line.
 */
const HEADER = new Set(["alg", "kid", "typ"]);

/**
 * @typedef {object} Jws well-formed, but not yet believed
 * @property {string} text
 * @property {string} alg
 * @property {string} kid
 * @property {unknown} typ
 * @property {Buffer} payload
 */

/**
 * Takes a JWS apart, before any key is looked at.
 *
 * @param {string} text
 * @param {number} longest in characters
 * @returns {Jws}
 * @throws {InvalidToken}
 */
export function readJws(text, longest) {
  if (text.length > longest) throw new InvalidToken("The token is too long");
  const { header, payload } = takeApart(text);
  if (!Object.keys(header).every((name) => HEADER.has(name))) {
    throw new InvalidToken("The token's header holds what it may not");
  }
  const { alg, kid, typ } = header;
  if (!ALGORITHMS.has(alg)) {
    throw new InvalidToken("The token's algorithm is not accepted");
  }
  if (!isText(kid, MAX_KID)) throw new InvalidToken("The token names no key");
  return { text, alg, kid, typ, payload };
}

/** @param {string} text */
function takeApart(text) {
  const segments = text.split(".");
  try {
    if (segments.length !== 3) throw new SyntaxError("not three segments");
    const [header, payload] = segments.map(base64url);
    return { header: jsonObject(header).object, payload };
  } catch {
    throw new InvalidToken("The token is malformed");
  }
}

/**
 * Checks that this key, by its own algorithm, signed the token. The token's word for its
 * algorithm is compared and never followed (RFC 8725 section 3.1).
 *
 * @param {Jws} jws
 * @param {import("./jwk.mjs").PublicKey} key
 * @throws {InvalidToken}
 */
export async function checkSignature(jws, { alg, key }) {
  if (jws.alg !== alg) throw new InvalidToken("The token's algorithm is not its key's");
  try {
    await compactVerify(jws.text, key, { algorithms: [alg] });
  } catch {
    throw new InvalidToken("The signature does not fit");
  }
}

/**
 * The JSON object that a JWS carries.
 *
 * @param {Jws} jws
 * @returns {ReturnType<typeof jsonObject>}
 * @throws {InvalidToken}
 */
export function readPayload(jws) {
  try {
    return jsonObject(jws.payload);
  } catch {
    throw new InvalidToken("The claims are malformed");
  }
}
