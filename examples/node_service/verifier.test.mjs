import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";

import { TokenRevoked, Unavailable } from "./errors.mjs";
import { readKeys } from "./jwk.mjs";
import { fakeClock, makeKey, NOW, SID } from "./testing.mjs";
import { Verifier } from "./verifier.mjs";

const [ISSUER, AUDIENCE] = ["https://id.example", "https://orders.example"];

describe("a token is judged", () => {
  let signer, found, keys, revocations, verifier;

  const mint = (more = {}) => {
    const times = { iat: NOW, exp: NOW + 300, auth_time: NOW };
    const ids = { sub: SID, sid: SID, jti: "j", email: "maya@example.org" };
    const said = { iss: ISSUER, aud: AUDIENCE, token_type: "access" };
    const rest = { email_verified: true, groups: [] };
    return signer.sign({ ...said, ...times, ...ids, ...rest, ...more }, "at+jwt");
  };

  before(async () => {
    signer = await makeKey("first");
    found = await readKeys(Buffer.from(JSON.stringify({ keys: [signer.jwk] })));
  });

  beforeEach(() => {
    const asked = [];
    keys = {
      asked,
      key: async (kid) => (asked.push(kid), found.get(kid)),
      held: (kid) => found.get(kid),
    };
    revocations = { isRemoved: () => false, check: async () => {} };
    const options = { issuer: ISSUER, audience: AUDIENCE, clock: fakeClock() };
    verifier = new Verifier({ ...options, keys, revocations });
  });

  const refused = (token, code, message = /./) =>
    assert.rejects(verifier.verify(token), { status: 401, code, message });

  test("by its form, before a key is asked for", async () => {
    const [head, body, signature] = (await mint()).split(".");
    const refresh = await signer.sign({}, "rt+jwt");
    for (const token of [`${head}.${body}`, `${head}.${body}.${signature}=`, refresh]) {
      await refused(token, "token_not_valid");
    }
    assert.deepEqual(keys.asked, []);
    assert.equal((await verifier.verify(`${head}.${body}.${signature}`)).sid, SID);
    assert.deepEqual(keys.asked, ["first"]);
  });

  test("by its key's algorithm, whatever it says itself", async () => {
    const [, body, signature] = (await mint()).split(".");
    const said = { alg: "RS256", kid: "first", typ: "at+jwt" };
    const head = Buffer.from(JSON.stringify(said)).toString("base64url");
    await refused(`${head}.${body}.${signature}`, "token_not_valid", /not its key's/);
  });

  test("by what it says, before the list of revocations is looked at", async () => {
    revocations.check = async () => {
      throw new Unavailable("The list is away", 1);
    };
    await refused(await mint({ exp: NOW }), "token_not_valid", /expired/);
    await refused(await mint({ aud: "https://other.example" }), "token_not_valid");
    await assert.rejects(verifier.verify(await mint()), { status: 503 });
  });

  test("by its sign-in and by its key", async () => {
    revocations.check = async (asked) => {
      assert.deepEqual(asked, { sid: SID, kid: "first" });
      throw new TokenRevoked("The token's sign-in was ended");
    };
    await refused(await mint(), "token_revoked");
  });

  test("as revoked when its key was taken out and forgotten: nobody is asked", async () => {
    revocations.isRemoved = (kid) => kid === "first";
    const token = await mint();
    found = new Map();
    await refused(token, "token_revoked", /key was taken out/);
    assert.deepEqual(keys.asked, []);
    found = await readKeys(Buffer.from(JSON.stringify({ keys: [signer.jwk] })));
    await refused(`${token.slice(0, -4)}AAAA`, "token_not_valid", /signature/);
  });

  test("with the leeway that the clocks are given, at both ends", async () => {
    const early = await mint({ iat: NOW + 11, nbf: NOW + 10 });
    const late = await mint({ iat: NOW - 300, exp: NOW - 9 });
    for (const token of [early, late]) {
      await refused(token, "token_not_valid", /not valid yet|expired/);
      verifier.leeway = 10;
      assert.ok(await verifier.verify(token));
      verifier.leeway = 9;
      await refused(token, "token_not_valid", /not valid yet|expired/);
      verifier.leeway = 0;
    }
  });
});
