/** The issuer's public keys: fetched seldom, kept through an outage. */

import { Unavailable } from "./errors.mjs";
import { httpGet, reason } from "./http_get.mjs";
import { readKeys } from "./jwk.mjs";

const MAX_AGE = 300;
const MAX_STALE = 86_400;
const COOLDOWN = 10;
const BOUNDS = { timeout: 3, maxBytes: 65_536 };

/** Seconds by a clock that nobody sets. */
const monotonic = () => performance.now() / 1000;

/**
 * The keys behind one URL, shared by all requests of a process; times in seconds.
 *
 * A fetch happens on first use, when the keys are older than 300 s (or what the answer's
 * Cache-Control says, if less), and for an unknown `kid`; never two at once and never two
 * within 10 s, so that a flood of invented tokens cannot be turned on the issuer. While
 * fetches fail the last good keys serve on, for a day.
 *
 * Why not jose's createRemoteJWKSet: it cools down after successes alone, lets nobody in
 * while the issuer is down and its keys are old, and reads the set without these bounds.
 */
export class JwksClient {
  /** @type {Map<string, import("./jwk.mjs").PublicKey>} */
  #keys = new Map();
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #freshUntil = -Infinity;
  #failing = false;
  /** @type {Promise<void> | null} the fetch under way */
  #fetching = null;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {string} options.name of this service: the issuer's administrator sees by it
   *   who knows a new key already
   * @param {() => number} [options.clock] seconds, monotonic
   * @param {Pick<Console, "warn">} [options.log]
   */
  constructor({ url, name, clock = monotonic, log = console }) {
    this.url = url;
    this.headers = { Accept: "application/json", "X-Service-Name": name };
    this.clock = clock;
    this.log = log;
  }

  /**
   * The key of this name, undefined when the issuer has none.
   *
   * @param {string} kid
   * @returns {Promise<import("./jwk.mjs").PublicKey | undefined>}
   * @throws {Unavailable} when the issuer cannot be asked and memory cannot answer
   */
  async key(kid) {
    const known = this.#keys.has(kid);
    const fresh = known && this.clock() < this.#freshUntil;
    // Whoever finds a known key while another fetches need not wait for it.
    if (!fresh && !(known && this.#fetching)) await this.#refresh();
    const tooOld = this.clock() - this.#fetchedAt > MAX_STALE;
    // An unknown one may be a new key that we could not learn of: not the caller's fault.
    if (tooOld || (this.#failing && !this.#keys.has(kid))) {
      throw new Unavailable("The signing keys cannot be had just now", this.#wait());
    }
    return this.#keys.get(kid);
  }

  /** The same from memory alone, however old. @param {string} kid */
  held(kid) {
    return this.#keys.get(kid);
  }

  async #refresh() {
    if (!this.#fetching) {
      if (this.clock() - this.#triedAt < COOLDOWN) return;
      this.#triedAt = this.clock();
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = null;
      });
    }
    await this.#fetching;
  }

  /** Never rejects: what was had before stays. */
  async #fetch() {
    try {
      const answer = await httpGet(this.url, { ...BOUNDS, headers: this.headers });
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      this.#keys = await readKeys(answer.body);
      this.#fetchedAt = this.clock();
      this.#freshUntil = this.#fetchedAt + lifetime(answer.headers);
      this.#failing = false;
    } catch (error) {
      this.#failing = true;
      this.log.warn(`No keys from ${this.url}: ${reason(error)}`);
    }
  }

  #wait() {
    return Math.max(1, Math.ceil(this.#triedAt + COOLDOWN - this.clock()));
  }
}

/** @param {Headers} headers @returns {number} seconds (RFC 9111 section 5.2.2.1) */
function lifetime(headers) {
  const said = /\bmax-age=(\d{1,9})\b/.exec(headers.get("cache-control") ?? "");
  return said ? Math.min(Number(said[1]), MAX_AGE) : MAX_AGE;
}
