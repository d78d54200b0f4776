/** Decides whether an access token (RFC 9068) of one issuer is good for one audience. */

import { InvalidToken, TokenRevoked } from "./errors.mjs";
import { checkSignature, readJws, readPayload } from "./jws.mjs";
import { isText, isTexts, isUuid } from "./strict.mjs";

const MAX_TOKEN_LENGTH = 4096;
const TYPES = new Set(["at+jwt", "application/at+jwt"]);
/** The levels of `acr`, the weakest first. */
export const LEVELS = ["aal1", "aal2"];

const isWhole = Number.isSafeInteger;
const isFlag = (value) => typeof value === "boolean";

/** Besides `iss`, `aud` and `token_type`, which are compared. */
const REQUIRED = {
  exp: isWhole,
  iat: isWhole,
  sub: isUuid,
  sid: isUuid,
  jti: isText,
  email: isText,
  email_verified: isFlag,
  groups: isTexts,
};
/** What a token may do without, and must not get wrong. */
const OPTIONAL = {
  client_id: isText,
  nbf: isWhole,
  auth_time: isWhole,
  amr: isTexts,
  acr: (value) => LEVELS.includes(value),
};
const TIMES = ["exp", "iat", "nbf", "auth_time"];

/**
 * @typedef {object} Claims what a good access token says; times in seconds
 * @property {string} sub who: a UUID that stays
 * @property {string} email
 * @property {boolean} email_verified
 * @property {string[]} groups
 * @property {string} sid the sign-in that it belongs to
 * @property {number} exp
 * @property {string} [client_id] which client asked for it (RFC 9068 2.2)
 * @property {string} [acr] aal1 or aal2
 * @property {string[]} [amr] how they signed in (RFC 8176)
 * @property {number} [auth_time] when they last proved who they are
 */

export class Verifier {
  /**
   * @param {object} options
   * @param {string} options.issuer whom to believe
   * @param {string} options.audience who we are
   * @param {import("./jwks.mjs").JwksClient} options.keys
   * @param {import("./revocations.mjs").RevocationsClient} options.revocations
   * @param {number} [options.leeway] seconds by which the two clocks may differ
   * @param {() => number} [options.clock] seconds since the epoch
   */
  constructor({ issuer, audience, keys, revocations, leeway = 0, clock = epoch }) {
    Object.assign(this, { issuer, audience, keys, revocations, leeway, clock });
  }

  /**
   * The claims of a good access token.
   *
   * Cheap checks come first: what fails them must not cause a fetch of keys, and what is
   * no good anyway is never told that we could not find out.
   *
   * @param {string} token
   * @returns {Promise<Claims>}
   * @throws {InvalidToken}
   * @throws {import("./errors.mjs").Unavailable} when that cannot be found out
   */
  async verify(token) {
    const jws = readJws(token, MAX_TOKEN_LENGTH);
    if (!TYPES.has(jws.typ)) throw new InvalidToken("This is not an access token");
    await checkSignature(jws, await this.#key(jws.kid));
    const { object: claims, fractions } = readPayload(jws);
    this.#checkParties(claims);
    checkTypes(claims, fractions);
    this.#checkTimes(claims);
    await this.revocations.check({ sid: claims.sid, kid: jws.kid });
    return claims;
  }

  /** @param {string} kid */
  async #key(kid) {
    // A key that was taken out is not asked for again.
    const removed = this.revocations.isRemoved(kid);
    const key = removed ? this.keys.held(kid) : await this.keys.key(kid);
    if (key) return key;
    if (removed) throw new TokenRevoked("The token's key was taken out");
    throw new InvalidToken("The token's key is not known");
  }

  /** @param {Record<string, any>} claims */
  #checkParties({ iss, aud, token_type: kind }) {
    if (iss !== this.issuer) throw new InvalidToken("The token is of another issuer");
    const audiences = typeof aud === "string" ? [aud] : aud;
    if (!isTexts(audiences) || !audiences.includes(this.audience)) {
      throw new InvalidToken("The token is for another audience");
    }
    if (kind !== "access") throw new InvalidToken("This is not an access token");
  }

  /** @param {Record<string, any>} claims */
  #checkTimes({ exp, iat, nbf = -Infinity }) {
    const now = this.clock();
    // `iat` may be a second ahead: issuers round.
    if (iat > now + 1 + this.leeway || nbf > now + this.leeway) {
      throw new InvalidToken("The token is not valid yet");
    }
    if (exp <= now - this.leeway) throw new InvalidToken("The token has expired");
  }
}

/** @param {Record<string, any>} claims @param {Set<string>} fractions */
function checkTypes(claims, fractions) {
  const checks = [
    ...Object.entries(REQUIRED),
    ...Object.entries(OPTIONAL).filter(([name]) => Object.hasOwn(claims, name)),
  ];
  const right =
    checks.every(([name, check]) => check(claims[name])) &&
    !TIMES.some((name) => fractions.has(name));
  if (!right) throw new InvalidToken("A claim is missing or of a wrong type");
}

/** Seconds since the epoch. */
function epoch() {
  return Date.now() / 1000;
}
