/** What can be wrong with a request, and how it is told (RFC 9457, 6750, 9470). */

import { STATUS_CODES } from "node:http";

/**
 * A refusal. Its message is a sentence of ours without quotes and without a full stop;
 * it never holds anything of the token, so that it can stand in a header and in a log.
 */
export class Refusal extends Error {
  /**
   * @param {number} status of the answer
   * @param {string} code a stable name for programs
   * @param {string} message for people
   * @param {Record<string, string>} [headers] of the answer
   * @param {Record<string, string | number>} [members] more members of the body
   */
  constructor(status, code, message, headers = {}, members = {}) {
    super(message);
    this.name = new.target.name;
    Object.assign(this, { status, code, headers, members });
  }
}

/** Nothing was sent: a bare challenge, no error code (RFC 6750 section 3.1). */
export class NotAuthenticated extends Refusal {
  constructor() {
    const headers = { "WWW-Authenticate": "Bearer" };
    super(401, "not_authenticated", "Send an access token", headers);
  }
}

/** The token is not good (RFC 6750 section 3.1); the message says why. */
export class InvalidToken extends Refusal {
  /** @param {string} message @param {string} [code] */
  constructor(message, code = "token_not_valid") {
    const challenge = `Bearer error="invalid_token", error_description="${message}"`;
    super(401, code, message, { "WWW-Authenticate": challenge });
  }
}

/** The token was good: its sign-in has been ended, or its key taken out. */
export class TokenRevoked extends InvalidToken {
  /** @param {string} message */
  constructor(message) {
    super(message, "token_revoked");
  }
}

/** The token is good; this route wants a fresher or a stronger sign-in (RFC 9470). */
export class InsufficientAuthentication extends Refusal {
  /**
   * @param {string} message
   * @param {{acr_values?: string, max_age?: number}} wanted what would be enough
   */
  constructor(message, wanted) {
    const code = "insufficient_user_authentication";
    const told = { error: code, error_description: message, ...wanted };
    const members = Object.entries(told).map(([name, value]) => `${name}="${value}"`);
    const challenge = `Bearer ${members.join(", ")}`;
    super(401, code, message, { "WWW-Authenticate": challenge }, wanted);
  }
}

/** It cannot be found out now whether a token is good: then nobody is let in. */
export class Unavailable extends Refusal {
  /** @param {string} message @param {number} retryAfter seconds */
  constructor(message, retryAfter) {
    super(503, "unavailable", message, { "Retry-After": String(retryAfter) });
  }
}

/**
 * The answer for anything that a route threw.
 *
 * @param {unknown} error
 * @returns {{status: number, headers: Record<string, string>, body: object}}
 */
export function toProblem(error) {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, "internal_server_error", "Something broke here");
  const { status, code, message, headers, members } = refusal;
  const title = STATUS_CODES[status];
  const detail = `${message}.`;
  return {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
    body: { type: "about:blank", title, status, detail, code, ...members },
  };
}
