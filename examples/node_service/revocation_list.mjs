/** The issuer's signed list of ended sign-ins and removed keys: read, and remembered. */

import { MAX_KID } from "./jwk.mjs";
import { checkSignature, readJws, readPayload } from "./jws.mjs";
import { isObject, isText, isUuid } from "./strict.mjs";

const TYP = "revocations+jwt";
export const MAX_LIST = 4 * 1024 * 1024;
/** Seconds by which a list's times and our clock may differ. */
const TOLERANCE = 60;
const MEMBERS = ["iat", "exp", "window", "sids", "kids"];

/**
 * @typedef {object} RevocationList times in seconds since the epoch
 * @property {number} exp
 * @property {number} window for how many seconds after its time an entry matters
 * @property {Record<string, number>} sids sign-ins, by when they ended
 * @property {Record<string, number>} kids signing keys, by when they were taken out
 */

/**
 * A list that may be believed.
 *
 * @param {string} text a compact JWS
 * @param {object} by
 * @param {string} by.issuer
 * @param {Pick<import("./jwks.mjs").JwksClient, "key">} by.keys
 * @param {(kid: string) => boolean} by.isRemoved whether a key was taken out before
 * @param {number} by.now seconds since the epoch
 * @returns {Promise<RevocationList>}
 * @throws {Error} that says why not
 */
export async function readList(text, { issuer, keys, isRemoved, now }) {
  const jws = readJws(text, MAX_LIST);
  if (jws.typ !== TYP) throw new Error("it is no list of revocations");
  if (isRemoved(jws.kid)) throw new Error("its key was taken out");
  // May fetch the keys: a new one is then known before the first token that needs it.
  const key = await keys.key(jws.kid);
  if (!key) throw new Error("its key is not known");
  await checkSignature(jws, key);
  const { object: list, fractions } = readPayload(jws);
  if (list.iss !== issuer) throw new Error("it is of another issuer");
  if (!hasTypes(list) || MEMBERS.some((name) => fractions.has(name))) {
    throw new Error("a member is missing or of a wrong type");
  }
  if (isOver(list, now)) throw new Error("it is too old");
  if (Object.hasOwn(list.kids, jws.kid)) throw new Error("it takes its own key out");
  return list;
}

/** Whether a list has ended, with some tolerance. @param {{exp: number}} list */
export function isOver(list, now) {
  return list.exp <= now - TOLERANCE;
}

/** @param {Record<string, any>} list */
function hasTypes({ iat, exp, window, sids, kids }) {
  return (
    [iat, exp, window].every(Number.isSafeInteger) &&
    window >= 0 &&
    areTimes(sids, isUuid) &&
    areTimes(kids, (kid) => isText(kid, MAX_KID))
  );
}

/** @param {unknown} value @param {(name: string) => boolean} isName */
function areTimes(value, isName) {
  return (
    isObject(value) &&
    Object.entries(value).every(
      ([name, at]) => isName(name) && Number.isSafeInteger(at),
    )
  );
}

/**
 * What was ever listed and still matters. Lists are merged: an older one, from some
 * cache, takes nothing back.
 */
export class Revoked {
  /** @type {Map<string, number>} by until when an entry matters */
  #sids = new Map();
  /** @type {Map<string, number>} */
  #kids = new Map();

  /** @param {RevocationList} list @param {number} now seconds since the epoch */
  merge({ sids, kids, window }, now) {
    const pairs = [
      [this.#sids, sids],
      [this.#kids, kids],
    ];
    for (const [held, listed] of pairs) {
      for (const [name, at] of Object.entries(listed)) {
        const until = at + window + TOLERANCE;
        if (until > (held.get(name) ?? -Infinity)) held.set(name, until);
      }
      for (const [name, until] of held) {
        if (until < now) held.delete(name);
      }
    }
  }

  /** @param {string} sid */
  hasSid(sid) {
    return this.#sids.has(sid);
  }

  /** @param {string} kid */
  hasKid(kid) {
    return this.#kids.has(kid);
  }

  /** How many entries are held. */
  get size() {
    return this.#sids.size + this.#kids.size;
  }
}
