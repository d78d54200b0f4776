/** Routes that want a fresher or a stronger sign-in than the token speaks of (RFC 9470). */

import { InsufficientAuthentication } from "./errors.mjs";
import { LEVELS } from "./verifier.mjs";

/**
 * A guard for a route. The client sends the person to prove themselves again, exchanges
 * its refresh token and comes back: the next access token says so.
 *
 * @example const guard = requireRecent({ maxAge: 300, acr: "aal2" });
 *   guard(claims, verifier);
 *
 * @param {object} wanted one of them, or both
 * @param {number} [wanted.maxAge] how many seconds ago the last proof may have been
 * @param {"aal1" | "aal2"} [wanted.acr] the least level
 * @returns {(claims: import("./verifier.mjs").Claims, by: {clock: () => number,
 *   leeway: number}) => void} throws InsufficientAuthentication
 */
export function requireRecent({ maxAge, acr }) {
  if ((maxAge === undefined && acr === undefined) || (acr && !LEVELS.includes(acr))) {
    throw new TypeError("give maxAge, acr (aal1 or aal2), or both");
  }
  const wanted = {
    ...(acr !== undefined && { acr_values: acr }),
    ...(maxAge !== undefined && { max_age: maxAge }),
  };
  return (claims, { clock, leeway }) => {
    if (acr !== undefined && LEVELS.indexOf(claims.acr) < LEVELS.indexOf(acr)) {
      throw new InsufficientAuthentication("A stronger sign-in is needed", wanted);
    }
    if (maxAge !== undefined && !isRecent(claims.auth_time, maxAge, clock(), leeway)) {
      throw new InsufficientAuthentication("A more recent sign-in is needed", wanted);
    }
  };
}

/** All in seconds; `at` is undefined when the token does not say. */
function isRecent(at, maxAge, now, leeway) {
  return at >= now - maxAge - leeway && at <= now + 1 + leeway;
}
