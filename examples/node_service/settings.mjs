/** What the service must be told, read from the environment once, at the start. */

const MAX_LEEWAY = 60;
const LIST_AGE = [2, 3600];
const MAX_PORT = 65_535;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** A setting is missing or bad; the message begins with its name. */
export class BadSetting extends Error {}

/**
 * @typedef {object} Settings
 * @property {string} issuer
 * @property {string} audience
 * @property {string} jwksUrl
 * @property {string} revocationsUrl
 * @property {number | null} revocationsMaxAge seconds; null when switched off
 * @property {number} leeway seconds
 * @property {string} name of this service
 * @property {number} port
 */

/**
 * @param {Record<string, string | undefined>} environment
 * @returns {Settings}
 * @throws {BadSetting}
 */
export function readSettings(environment) {
  const issuer = required(environment, "AUTH_ISSUER");
  return {
    issuer,
    audience: required(environment, "AUTH_AUDIENCE"),
    jwksUrl: url(environment, "AUTH_JWKS_URL", issuer, "/.well-known/jwks.json"),
    revocationsUrl: url(
      environment,
      "AUTH_REVOCATIONS_URL",
      issuer,
      "/api/revocations/",
    ),
    revocationsMaxAge: listAge(environment, "AUTH_REVOCATIONS_MAX_AGE"),
    leeway: whole(environment, "AUTH_LEEWAY", "0", [0, MAX_LEEWAY]),
    name: serviceName(environment.AUTH_NAME || "node-service"),
    port: whole(environment, "PORT", "8002", [1, MAX_PORT]),
  };
}

function required(environment, name) {
  const value = environment[name];
  if (!value) throw new BadSetting(`${name} must be set (see README.md)`);
  return value;
}

/** An address to fetch from: as given, else a path below the issuer. */
function url(environment, name, issuer, path) {
  const given = environment[name];
  const found = given || issuer.replace(/\/+$/, "") + path;
  // An issuer of "https://" alone would otherwise make a host of the path.
  const right = /^https?:\/\/[^/]/.test(found) && URL.canParse(found);
  if (!right || new URL(found).username) {
    const blamed = given ? name : "AUTH_ISSUER";
    throw new BadSetting(`${blamed} must be an http:// or https:// address`);
  }
  return found;
}

function listAge(environment, name) {
  if (environment[name] === "off") return null;
  return whole(environment, name, "30", LIST_AGE, ", or off");
}

function whole(environment, name, otherwise, [least, most], more = "") {
  const value = environment[name] || otherwise;
  const number = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  if (!(number >= least && number <= most)) {
    throw new BadSetting(
      `${name} must be a whole number from ${least} to ${most}${more}`,
    );
  }
  return number;
}

function serviceName(value) {
  if (NAME.test(value)) return value;
  throw new BadSetting("AUTH_NAME must be 1 to 64 letters, digits, dots, _ or -");
}
