/** Follows the issuer's list of revocations, so that no request waits for the issuer. */

import { setTimeout as sleep } from "node:timers/promises";

import { TokenRevoked, Unavailable } from "./errors.mjs";
import { httpGet, reason } from "./http_get.mjs";
import { isOver, MAX_LIST, readList, Revoked } from "./revocation_list.mjs";

const POLL_MS = 1000;
const FIRST_POLL_MS = 3000;
const BOUNDS = { timeout: 2, maxBytes: MAX_LIST };

const monotonic = () => performance.now() / 1000;
const epoch = () => Date.now() / 1000;

/**
 * The list behind one URL, asked for every second in the background. Once it is older
 * than `maxAge` seconds nobody can say that a token was not revoked, and nobody is let
 * in. With `maxAge` null there is no list: a revoked token passes until it expires.
 */
export class RevocationsClient {
  #revoked = new Revoked();
  /** When the last poll that succeeded began; none has yet. @type {number | null} */
  #goodAt = null;
  /** The list that the issuer need not send again. */
  #held = { etag: null, exp: -Infinity };
  #failing = false;
  #stopping = new AbortController();
  /** @type {Promise<void> | null} */
  #firstPoll = null;
  /** @type {Promise<void> | null} */
  #polling = null;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {string} options.issuer
   * @param {import("./jwks.mjs").JwksClient} options.keys
   * @param {number | null} options.maxAge seconds; null switches all of it off
   * @param {string} options.name of this service
   * @param {() => number} [options.clock] seconds since the epoch
   * @param {() => number} [options.stopwatch] seconds by a clock that nobody sets
   * @param {Pick<Console, "warn">} [options.log]
   */
  constructor({ url, issuer, keys, maxAge, name, ...more }) {
    const { clock = epoch, stopwatch = monotonic, log = console } = more;
    Object.assign(this, { url, issuer, keys, maxAge, name, clock, stopwatch, log });
  }

  /** Begins to poll, in the background. */
  start() {
    if (this.maxAge === null || this.#polling) return;
    this.#firstPoll = this.poll();
    this.#polling = this.#pollOn();
  }

  /** Ends it; resolves when no call is under way any more. */
  async stop() {
    this.#stopping.abort();
    await this.#polling;
  }

  async #pollOn() {
    await this.#firstPoll;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await this.poll();
    }
  }

  /** Asks once. Never rejects: what fails lets the list grow older, and is logged. */
  async poll() {
    const beganAt = this.stopwatch();
    try {
      await this.#ask();
      this.#goodAt = beganAt;
      this.#failing = false;
    } catch (error) {
      // Once for each outage, not once a second.
      if (!this.#failing) this.log.warn(`No list from ${this.url}: ${reason(error)}`);
      this.#failing = true;
    }
  }

  async #ask() {
    const headers = { Accept: "application/jwt", "X-Service-Name": this.name };
    if (this.#held.etag) headers["If-None-Match"] = this.#held.etag;
    const answer = await httpGet(this.url, { ...BOUNDS, headers });
    if (answer.status === 304 && headers["If-None-Match"]) {
      if (!isOver(this.#held, this.clock())) return;
      this.#held.etag = null;
      throw new Error("the list is said to be the last one, and that is too old");
    }
    if (answer.status !== 200) throw new Error(`status ${answer.status}`);
    const list = await readList(answer.body.toString("latin1"), {
      issuer: this.issuer,
      keys: this.keys,
      isRemoved: (kid) => this.isRemoved(kid),
      now: this.clock(),
    });
    this.#revoked.merge(list, this.clock());
    this.#held = { etag: answer.headers.get("etag"), exp: list.exp };
  }

  /** Whether a signing key was taken out. @param {string} kid */
  isRemoved(kid) {
    return this.#revoked.hasKid(kid);
  }

  /**
   * @param {{sid: string, kid: string}} token
   * @throws {TokenRevoked} @throws {Unavailable} when it cannot be known
   */
  async check({ sid, kid }) {
    if (this.maxAge === null) return;
    if (this.#goodAt === null) await this.#waitForFirstPoll();
    // What was ever revoked stays so, however old the list.
    if (this.isRemoved(kid)) throw new TokenRevoked("The token's key was taken out");
    if (this.#revoked.hasSid(sid))
      throw new TokenRevoked("The token's sign-in was ended");
    if (this.#goodAt === null) {
      throw new Unavailable("The list of revoked sign-ins could not be had yet", 1);
    }
    const age = this.stopwatch() - this.#goodAt;
    if (age > this.maxAge) {
      const told = `The list of revoked sign-ins is ${Math.ceil(age)} s old`;
      throw new Unavailable(`${told}; more than ${this.maxAge} s is not trusted`, 1);
    }
  }

  async #waitForFirstPoll() {
    const timer = new AbortController();
    const { signal } = timer;
    const enough = sleep(FIRST_POLL_MS, undefined, { signal }).catch(() => {});
    await Promise.race([this.#firstPoll, enough]);
    timer.abort();
  }
}
