/** Public keys as the issuer publishes them (RFC 7517), read strictly. */

import { importJWK } from "jose";

import { base64url, isObject, isText, jsonObject } from "./strict.mjs";

/** Each algorithm that is let in, with the only key type and curve that it goes with. */
export const ALGORITHMS = new Map([
  ["ES256", { kty: "EC", crv: "P-256" }],
  ["EdDSA", { kty: "OKP", crv: "Ed25519" }],
  ["RS256", { kty: "RSA", crv: undefined }],
]);
/** The public members of each key type: nothing else of a JWK is handed on. */
const MEMBERS = { EC: ["x", "y"], OKP: ["x"], RSA: ["n", "e"] };
const COORDINATE_BYTES = 32;
const RSA_BITS = { least: 2048, most: 4096 };
const EXPONENT = { least: 65537n, below: 2n ** 32n };
export const MAX_KID = 128;
const MAX_KEYS = 32;

/**
 * @typedef {object} PublicKey
 * @property {string} alg the one algorithm that it may be used with
 * @property {CryptoKey} key
 */

/**
 * The usable signing keys of a JWK Set by `kid`. A key that is not ours to use (other
 * algorithm, other use, weak) is left out.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<Map<string, PublicKey>>}
 * @throws {Error} when the set is malformed, a `kid` stands for two keys, or a secret
 *   stands among the public keys: whoever wrote that set did not mean this one use
 */
export async function readKeys(bytes) {
  const { keys: listed } = jsonObject(bytes).object;
  if (!Array.isArray(listed) || listed.length > MAX_KEYS) {
    throw new Error("not a JWK Set");
  }
  const jwks = listed.filter(isObject);
  if (jwks.some((jwk) => jwk.kty === "oct")) throw new Error("a secret is published");
  const named = jwks.filter((jwk) => isText(jwk.kid, MAX_KID));
  if (new Set(named.map((jwk) => jwk.kid)).size !== named.length) {
    throw new Error("a kid stands for two keys");
  }
  const keys = new Map();
  for (const jwk of named) {
    const key = await readKey(jwk);
    if (key) keys.set(jwk.kid, key);
  }
  return keys;
}

/**
 * A public key pinned to the algorithm that its JWK names, null when not usable.
 *
 * @param {Record<string, any>} jwk
 * @returns {Promise<PublicKey | null>}
 */
async function readKey(jwk) {
  const { alg, kty, crv } = jwk;
  const wanted = ALGORITHMS.get(alg);
  if (!wanted || wanted.kty !== kty || wanted.crv !== crv) return null;
  if (!isForVerifying(jwk)) return null;
  const members = MEMBERS[kty];
  try {
    const bytes = members.map((name) => base64url(jwk[name]));
    const strong = kty === "RSA" ? isStrongRsa(...bytes) : areCoordinates(bytes);
    if (!strong) return null;
    const values = Object.fromEntries(members.map((name) => [name, jwk[name]]));
    // jose refuses a point that is not on its curve.
    return { alg, key: await importJWK({ kty, crv, ...values }, alg) };
  } catch {
    return null;
  }
}

/** `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3); either may be missing. */
function isForVerifying({ use = "sig", key_ops: operations = ["verify"] }) {
  return use === "sig" && Array.isArray(operations) && operations.includes("verify");
}

/** @param {Buffer[]} values RFC 7518 section 6.2.1.2: the full length, always */
function areCoordinates(values) {
  return values.every((value) => value.length === COORDINATE_BYTES);
}

/**
 * @param {Buffer} modulus
 * @param {Buffer} exponent both as RFC 7518 section 6.3.1 has them, without a zero ahead
 */
function isStrongRsa(modulus, exponent) {
  if (!modulus[0] || !exponent[0]) return false;
  const [n, e] = [modulus, exponent].map((one) => BigInt(`0x${one.toString("hex")}`));
  const bits = n.toString(2).length;
  return (
    bits >= RSA_BITS.least &&
    bits <= RSA_BITS.most &&
    n % 2n === 1n &&
    e % 2n === 1n &&
    e >= EXPONENT.least &&
    e < EXPONENT.below &&
    !isRoca(n)
  );
}

// prettier-ignore
const ROCA_PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83,
  89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const ROCA_MARKS = ROCA_PRIMES.map((prime) => [BigInt(prime), powersOf65537(prime)]);

/** @param {number} prime @returns {Set<bigint>} 65537^k mod prime, for every k */
function powersOf65537(prime) {
  const powers = new Set();
  let power = 1;
  while (!powers.has(BigInt(power))) {
    powers.add(BigInt(power));
    power = (power * 65537) % prime;
  }
  return powers;
}

/**
 * Whether a modulus was made by the flawed library of CVE-2017-15361 and can be
 * factored: modulo every small prime it is then a power of 65537. One sound modulus in
 * about 2^27 looks so by chance.
 *
 * @param {bigint} n
 */
function isRoca(n) {
  return ROCA_MARKS.every(([prime, powers]) => powers.has(n % prime));
}
