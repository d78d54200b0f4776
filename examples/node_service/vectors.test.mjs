/** The vectors that every verifier agrees with, and Wycheproof's for JWS and JWK. */

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";

import { ALGORITHMS, readKeys } from "./jwk.mjs";
import { checkSignature, readJws } from "./jws.mjs";
import { readList } from "./revocation_list.mjs";
import { RevocationsClient } from "./revocations.mjs";
import { requireRecent } from "./step_up.mjs";
import { quiet, startIssuer, vectors } from "./testing.mjs";
import { Verifier } from "./verifier.mjs";

const { issuer, audience, now, leeway, jwks, revocations, tokens, lists, step_up } =
  vectors();
const clock = () => now;

let keys;
let verifier;

before(async () => {
  const found = await readKeys(Buffer.from(JSON.stringify(jwks)));
  keys = { key: async (kid) => found.get(kid), held: (kid) => found.get(kid) };
  const { url } = await startIssuer(() => ({ body: revocations }));
  const list = { url, issuer, keys, maxAge: 30, name: "test", clock, log: quiet };
  const client = new RevocationsClient(list);
  await client.poll();
  verifier = new Verifier({
    issuer,
    audience,
    keys,
    revocations: client,
    leeway,
    clock,
  });
});

describe("tokens", () => {
  for (const { name, token, valid, code, why } of tokens) {
    test(name, async () => {
      if (valid) assert.ok((await verifier.verify(token)).sub);
      else await assert.rejects(verifier.verify(token), { status: 401, code }, why);
    });
  }

  test("there are many of both kinds", () => {
    assert.ok(tokens.filter((one) => one.valid).length > 10);
    assert.ok(tokens.filter((one) => !one.valid).length > 100);
  });
});

describe("lists", () => {
  for (const { name, list, valid, why } of lists) {
    test(name, async () => {
      const read = readList(list, { issuer, keys, isRemoved: () => false, now });
      if (valid) assert.ok((await read).sids);
      else await assert.rejects(read, undefined, why);
    });
  }
});

describe("step-up", () => {
  for (const { name, token, max_age, acr, satisfied } of step_up) {
    test(name, async () => {
      const found = tokens.find((one) => one.name === token);
      const claims = await verifier.verify(found.token);
      const guard = requireRecent({
        maxAge: max_age ?? undefined,
        acr: acr ?? undefined,
      });
      const ask = () => guard(claims, verifier);
      const code = "insufficient_user_authentication";
      if (satisfied) ask();
      else assert.throws(ask, { status: 401, code });
    });
  }
});

describe("Wycheproof", () => {
  for (const file of ["json_web_signature_test.json", "json_web_key_test.json"]) {
    test(file, async () => {
      const wrong = [];
      let accepted = 0;
      for (const { published, one } of casesOf(vectors(`wycheproof/${file}`))) {
        const taken = await accepts(published, one.jws);
        const ours = published.keys.some((key) => ALGORITHMS.has(key.alg));
        const expected = one.result === "valid" && ours;
        if (taken !== expected) wrong.push(`${one.tcId} ${one.comment}`);
        if (taken) accepted += 1;
      }
      assert.deepEqual(wrong, []);
      assert.ok(accepted > 0);
    });
  }
});

function* casesOf({ testGroups }) {
  for (const group of testGroups) {
    const key = group.public ?? group.private;
    const published = key.keys ? key : { keys: [key] };
    for (const one of group.tests) yield { published, one };
  }
}

/** Whether a JWS by one of these keys is taken, whatever it carries. */
async function accepts(published, jws) {
  try {
    const found = await readKeys(Buffer.from(JSON.stringify(published)));
    const read = readJws(jws, 4096);
    await checkSignature(read, found.get(read.kid));
    return true;
  } catch {
    return false;
  }
}
