import assert from "node:assert/strict";
import { afterEach, before, beforeEach, describe, test } from "node:test";

import { JwksClient } from "./jwks.mjs";
import { RevocationsClient } from "./revocations.mjs";
import {
  fakeClock,
  listClaims,
  makeKey,
  NOW,
  quiet,
  serveLists,
  SID,
  startIssuer,
} from "./testing.mjs";

const OTHER = "00000000-0000-4000-8000-000000000000";
const TYP = "revocations+jwt";

describe("the list of revocations", () => {
  let first, second, clock, stopwatch, issuer, options, client, state;

  const send = async (claims, key = first, typ = TYP) => {
    const text = await key.sign(listClaims(claims), typ);
    state.listed = () => text;
  };
  const check = (sid = OTHER, kid = "first") => client.check({ sid, kid });
  const isRevoked = (asked) =>
    assert.rejects(asked, { status: 401, code: "token_revoked" });
  const isUnavailable = (asked, message = /./) =>
    assert.rejects(asked, { status: 503, code: "unavailable", message });
  const asked = () => issuer.seen.filter(({ url }) => url !== "/keys");

  before(async () => {
    [first, second] = [await makeKey("first"), await makeKey("second")];
  });

  beforeEach(async () => {
    [clock, stopwatch] = [fakeClock(), fakeClock(1000)];
    state = { published: [first.jwk] };
    await send({ sids: { [SID]: NOW } });
    issuer = await startIssuer(serveLists(state));
    const keys = new JwksClient({
      url: `${issuer.url}keys`,
      name: "n",
      clock: stopwatch,
      log: quiet,
    });
    options = {
      url: issuer.url,
      issuer: "https://id.example",
      keys,
      maxAge: 30,
      name: "n",
      clock,
      stopwatch,
      log: quiet,
    };
    client = new RevocationsClient(options);
  });

  afterEach(() => client.stop());

  test("says who is out and who is not", async () => {
    await client.poll();
    await isRevoked(check(SID));
    await check(OTHER);
    assert.equal(asked()[0].headers["x-service-name"], "n");
  });

  test("is merged: an older one takes nothing back", async () => {
    await client.poll();
    await send({ sids: {}, iat: NOW - 60, exp: NOW + 30 });
    await client.poll();
    await isRevoked(check(SID));
    await send({ sids: { [OTHER]: NOW } });
    await client.poll();
    await isRevoked(check(SID));
    await isRevoked(check(OTHER));
  });

  test("names keys that were taken out, whatever the keys in memory are", async () => {
    state.published = [first.jwk, second.jwk];
    await send({ kids: { second: NOW } });
    await client.poll();
    assert.ok(client.isRemoved("second") && !client.isRemoved("first"));
    await isRevoked(check(OTHER, "second"));
    await check(OTHER, "first");
  });

  test("is ignored when a key signed it that was taken out", async () => {
    state.published = [first.jwk, second.jwk];
    await send({ kids: { second: NOW } });
    await client.poll();
    await send({ sids: { [OTHER]: NOW } }, second);
    stopwatch.now += 31;
    await client.poll();
    await isUnavailable(check());
  });

  const bad = {
    forged: async () => {
      const impostor = await makeKey("first");
      await send({ sids: { [OTHER]: NOW } }, impostor);
    },
    "of another typ": () => send({ sids: { [OTHER]: NOW } }, first, "at+jwt"),
    "of another issuer": () =>
      send({ sids: { [OTHER]: NOW }, iss: "https://evil.example" }),
    "too old": () => send({ sids: { [OTHER]: NOW }, exp: NOW - 60 }),
    "of an unknown key": () => send({ sids: { [OTHER]: NOW } }, second),
    nonsense: () => (state.listed = () => "<html>"),
    "too long": () => (state.listed = () => "x".repeat(4 * 1024 * 1024 + 1)),
  };
  for (const [what, makeBad] of Object.entries(bad)) {
    test(`is not believed when it is ${what}, and grows older`, async () => {
      await client.poll();
      await makeBad();
      stopwatch.now += 30;
      await client.poll();
      await check(OTHER);
      stopwatch.now += 1;
      await isUnavailable(check(OTHER), /is 31 s old; more than 30 s is not trusted/);
      // What was revoked stays revoked; what the bad list said was never taken in.
      await isRevoked(check(SID));
      await send({});
      await client.poll();
      await check(OTHER);
    });
  }

  test("counts its age from when the call began, by a clock that nobody sets", async () => {
    const serveAtOnce = issuer.answer;
    issuer.answer = (request) => {
      if (request.url !== "/keys") stopwatch.now += 1.5;
      return serveAtOnce(request);
    };
    await client.poll();
    clock.now += 100_000;
    stopwatch.now += 28.5;
    await check(OTHER);
    stopwatch.now += 0.1;
    await isUnavailable(check(OTHER), /is 31 s old/);
  });

  test("is not sent again when it has not changed: 304 is as good", async () => {
    await client.poll();
    stopwatch.now += 30;
    await client.poll();
    stopwatch.now += 30;
    await check(OTHER);
    const [one, two] = asked();
    assert.equal(one.headers["if-none-match"], undefined);
    assert.ok(two.headers["if-none-match"]);
  });

  test("is asked for anew when 304 would mean one that has ended", async () => {
    await client.poll();
    clock.now += 149;
    await client.poll();
    clock.now += 1;
    stopwatch.now += 31;
    await client.poll();
    await isUnavailable(check(OTHER));
    await send({ iat: clock.now, exp: clock.now + 90 });
    await client.poll();
    await check(OTHER);
    const sent = asked().map(({ headers }) => Boolean(headers["if-none-match"]));
    assert.deepEqual(sent, [false, true, true, false]);
  });

  test("a 304 that nobody asked for is no list", async () => {
    issuer.answer = () => ({ status: 304 });
    await client.poll();
    await isUnavailable(check());
  });

  test("brings a new key before its first token", async () => {
    await client.poll();
    state.published = [first.jwk, second.jwk];
    await send({ sids: { [OTHER]: NOW } }, second);
    await client.poll();
    await check(OTHER, "second"); // not believed yet: the keys cool down
    stopwatch.now += 10;
    await client.poll();
    await isRevoked(check(OTHER));
    assert.ok(options.keys.held("second"));
  });

  test("is nowhere else: a redirect is not followed", async () => {
    const serveAsBefore = issuer.answer;
    issuer.answer = (request) =>
      request.url === "/"
        ? { status: 307, headers: { location: "/list" } }
        : serveAsBefore(request);
    await client.poll();
    await isUnavailable(check());
    assert.equal(issuer.seen.length, 1);
  });

  test("is waited for by the first request", async () => {
    client.start();
    await isRevoked(check(SID));
  });

  test("is not waited for longer than its first call fails", async () => {
    issuer.answer = () => null;
    client.start();
    const began = performance.now();
    await isUnavailable(check(), /could not be had yet/);
    assert.ok(performance.now() - began < 1000);
  });

  test("is polled every second, until it is stopped", async () => {
    const times = [];
    const thrice = new Promise((resolve) => {
      const serveAsBefore = issuer.answer;
      issuer.answer = (request) => {
        if (request.url !== "/keys" && times.push(performance.now()) === 3) resolve();
        return serveAsBefore(request);
      };
    });
    client.start();
    client.start();
    await thrice;
    await client.stop();
    assert.equal(times.length, 3);
    const [a, b, c] = times;
    for (const gap of [b - a, c - b]) assert.ok(gap > 900 && gap < 1900, `${gap} ms`);
  });

  test("can be switched off: nothing is polled and nothing checked", async () => {
    client = new RevocationsClient({ ...options, maxAge: null });
    client.start();
    await check(SID);
    assert.equal(issuer.seen.length, 0);
  });

  test("its outage is logged once, not once a second", async () => {
    const told = [];
    client = new RevocationsClient({
      ...options,
      log: { warn: (text) => told.push(text) },
    });
    issuer.answer = () => null;
    await client.poll();
    await client.poll();
    issuer.answer = serveLists(state);
    await client.poll();
    issuer.answer = () => null;
    await client.poll();
    assert.equal(told.length, 2);
    assert.match(told[0], /^No list from http/);
  });
});
