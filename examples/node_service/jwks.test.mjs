import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { JwksClient } from "./jwks.mjs";
import { fakeClock, makeKey, quiet, startIssuer } from "./testing.mjs";

const HOUR = 3600;

describe("the keys behind a URL", () => {
  let first, second, clock, issuer, client;

  const publish =
    (keys, headers = {}) =>
    () => ({ headers, body: JSON.stringify({ keys }) });

  before(async () => {
    [first, second] = [await makeKey("first"), await makeKey("second")];
  });

  beforeEach(async () => {
    clock = fakeClock();
    issuer = await startIssuer(publish([first.jwk]));
    client = new JwksClient({ url: issuer.url, name: "orders-api", clock, log: quiet });
  });

  test("are fetched once, by a service that says its name", async () => {
    assert.equal((await client.key("first")).alg, "ES256");
    assert.ok(await client.key("first"));
    assert.equal(issuer.seen.length, 1);
    assert.equal(issuer.seen[0].headers["x-service-name"], "orders-api");
  });

  test("are fetched once for many who ask at the same time", async () => {
    const asked = Array.from({ length: 50 }, () => client.key("first"));
    assert.ok((await Promise.all(asked)).every((key) => key?.alg === "ES256"));
    assert.equal(issuer.seen.length, 1);
  });

  test("are fetched again when they are old, and a removed one is then gone", async () => {
    await client.key("first");
    clock.now += 299;
    await client.key("first");
    assert.equal(issuer.seen.length, 1);
    issuer.answer = publish([second.jwk]);
    clock.now += 1;
    assert.equal(await client.key("first"), undefined);
    assert.equal(issuer.seen.length, 2);
    assert.ok(client.held("second"));
  });

  test("are no longer good than their issuer says, nor than five minutes", async () => {
    for (const [said, seconds] of [
      ["public, max-age=60", 60],
      ["max-age=86400", 300],
    ]) {
      issuer = await startIssuer(publish([first.jwk], { "cache-control": said }));
      client = new JwksClient({ url: issuer.url, name: "n", clock, log: quiet });
      await client.key("first");
      clock.now += seconds - 1;
      await client.key("first");
      assert.equal(issuer.seen.length, 1, said);
      clock.now += 1;
      await client.key("first");
      assert.equal(issuer.seen.length, 2, said);
    }
  });

  test("withstand a flood of unknown names: one fetch in ten seconds", async () => {
    await client.key("first");
    for (let second = 0; second < 60; second += 1) {
      const flood = Array.from({ length: 20 }, (_, at) =>
        client.key(`x-${second}-${at}`),
      );
      assert.ok((await Promise.all(flood)).every((key) => key === undefined));
      clock.now += 1;
    }
    assert.equal(issuer.seen.length, 6);
  });

  test("follow a rotation: an unknown name is asked for", async () => {
    await client.key("first");
    issuer.answer = publish([first.jwk, second.jwk]);
    assert.equal(await client.key("second"), undefined, "within ten seconds");
    clock.now += 10;
    assert.ok(await client.key("second"));
    assert.equal(issuer.seen.length, 2);
  });

  test("cool down after a failure too", async () => {
    issuer.answer = () => null;
    for (let count = 0; count < 20; count += 1) {
      await assert.rejects(client.key("first"), { status: 503, code: "unavailable" });
    }
    assert.equal(issuer.seen.length, 1);
    clock.now += 4;
    const wait = { headers: { "Retry-After": "6" } };
    await assert.rejects(client.key("first"), wait);
    issuer.answer = publish([first.jwk]);
    clock.now += 6;
    assert.ok(await client.key("first"));
  });

  test("serve on for a day while the issuer is away, and no longer", async () => {
    await client.key("first");
    issuer.answer = () => null;
    for (let hour = 1; hour <= 24; hour += 1) {
      clock.now += HOUR;
      assert.ok(await client.key("first"), `after ${hour} h`);
    }
    assert.equal(issuer.seen.length, 25);
    clock.now += 1;
    await assert.rejects(client.key("first"), { status: 503 });
  });

  test("an unknown name is nobody's fault while the issuer is away", async () => {
    await client.key("first");
    issuer.answer = () => null;
    clock.now += 10;
    await assert.rejects(client.key("second"), { status: 503 });
    assert.ok(await client.key("first"));
  });

  const bad = {
    "an error": () => ({ status: 500, body: JSON.stringify({ keys: [] }) }),
    "a redirect": (request) =>
      request.url === "/"
        ? { status: 302, headers: { location: "/keys" } }
        : publish([second.jwk])(),
    "a page": () => ({ body: "<html>" }),
    "a set with a name twice": () => ({ body: '{"keys":[],"keys":[]}' }),
    "a set with one kid for two keys": () =>
      publish([first.jwk, { ...second.jwk, kid: "first" }])(),
    "a set with a secret": () =>
      publish([second.jwk, { kty: "oct", k: "AAAA", kid: "s" }])(),
    "too much": () => ({
      body: JSON.stringify({ keys: [second.jwk], more: "x".repeat(65_536) }),
    }),
    "half of it": () => ({
      headers: { "content-length": "999", connection: "close" },
      body: '{"keys":[',
    }),
  };
  for (const [what, answer] of Object.entries(bad)) {
    test(`stay as they are when the issuer sends ${what}`, async () => {
      await client.key("first");
      issuer.answer = answer;
      clock.now += 300;
      assert.ok(await client.key("first"));
      assert.equal(issuer.seen.length, 2);
      assert.equal(client.held("second"), undefined);
      await assert.rejects(client.key("second"), { status: 503 });
    });
  }

  test("a slow issuer is waited for three seconds, by one caller alone", async () => {
    await client.key("first");
    clock.now += 300;
    let answered;
    const asked = new Promise((resolve) => {
      issuer.answer = () => {
        resolve();
        return new Promise((done) => (answered = () => done(publish([first.jwk])())));
      };
    });
    const began = performance.now();
    const waiting = client.key("first");
    await asked;
    assert.ok(await client.key("first"), "another caller goes on with what is known");
    assert.ok(performance.now() - began < 1000);
    assert.ok(await waiting);
    const took = performance.now() - began;
    assert.ok(took > 2500 && took < 4500, `${took} ms`);
    answered();
  });
});
