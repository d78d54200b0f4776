import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { before, describe, test } from "node:test";

import { readKeys } from "./jwk.mjs";
import { makeKey, vectors } from "./testing.mjs";

const { keys: published } = vectors().jwks;
const [ec, okp, rsa] = ["EC", "OKP", "RSA"].map((kty) =>
  published.find((key) => key.kty === kty),
);

const read = (...keys) => readKeys(Buffer.from(JSON.stringify({ keys })));
const number = (value) => {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString(
    "base64url",
  );
};
const modulusOf = (key) =>
  BigInt(`0x${Buffer.from(key.n, "base64url").toString("hex")}`);

function makeRsa(modulusLength, publicExponent = 65537) {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  return {
    ...publicKey.export({ format: "jwk" }),
    kid: "rsa",
    use: "sig",
    alg: "RS256",
  };
}

describe("a key is taken", () => {
  test("of each algorithm, and pinned to it", async () => {
    const found = await read(...published);
    assert.deepEqual(
      published.map(({ kid }) => found.get(kid)?.alg),
      published.map(({ alg }) => alg),
    );
  });

  test("without use, with key_ops, with members that we do not know", async () => {
    const { use, ...bare } = ec;
    assert.equal(use, "sig");
    const found = await read({ ...bare, key_ops: ["verify"], x5t: "x", more: [1] });
    assert.equal(found.size, 1);
  });

  test("of 2048 bits", async () => {
    assert.equal((await read(makeRsa(2048))).size, 1);
  });
});

describe("a key is left out", () => {
  const cases = {
    "of another algorithm": { ...ec, alg: "ES384" },
    "without an algorithm": { ...ec, alg: undefined },
    "whose algorithm is another key type's": { ...rsa, alg: "ES256" },
    "that names a curve where there is none": { ...rsa, crv: "P-256" },
    "of another curve": { ...okp, crv: "X25519" },
    "for encryption": { ...ec, use: "enc" },
    "whose use is null": { ...ec, use: null },
    "that may only sign": { ...ec, key_ops: ["sign"] },
    "whose key_ops is a text": { ...ec, key_ops: "verify" },
    "without a kid": { ...ec, kid: undefined },
    "whose kid is a number": { ...ec, kid: 1 },
    "whose kid is too long": { ...ec, kid: "k".repeat(129) },
    "off its curve": { ...ec, y: ec.x },
    "with a short coordinate": { ...ec, x: ec.x.slice(0, 40) },
    "without a coordinate": { ...ec, y: undefined },
    "with padding": { ...okp, x: `${okp.x}=` },
    "with a zero ahead": { ...rsa, n: `AAAA${rsa.n}` },
    "of 2040 bits": {
      ...rsa,
      n: number(
        (modulusOf(rsa) >> BigInt(modulusOf(rsa).toString(2).length - 2040)) | 1n,
      ),
    },
    "of 4097 bits": { ...rsa, n: number((1n << 4096n) | 1n) },
    "with an even modulus": { ...rsa, n: number(modulusOf(rsa) + 1n) },
    "with the exponent 1": { ...rsa, e: number(1n) },
    "with the exponent 3": { ...rsa, e: number(3n) },
    "with an exponent just too small": { ...rsa, e: number(65535n) },
    "with an even exponent": { ...rsa, e: number(65538n) },
    "with an exponent far too large": { ...rsa, e: number(2n ** 32n + 1n) },
  };
  for (const [why, key] of Object.entries(cases)) {
    test(why, async () => assert.equal((await read({ ...key })).size, 0));
  }

  test("and the others of the set stay", async () => {
    const found = await read({ ...rsa, e: "Aw" }, ec, "nonsense", null);
    assert.deepEqual([...found.keys()], [ec.kid]);
  });

  test("with the mark of CVE-2017-15361", async () => {
    const { testGroups } = vectors("wycheproof/json_web_key_test.json");
    const { keys } = testGroups.find(({ comment }) => comment.includes("roca")).public;
    const long = modulusOf(keys[0]).toString(2).length;
    assert.ok(long >= 2048 && long <= 4096, "its length is not what it is refused for");
    assert.equal((await read(...keys)).size, 0);
  });
});

describe("a set is refused", () => {
  let other;
  before(async () => {
    other = (await makeKey("other")).jwk;
  });

  test("when a kid stands for two keys, usable or not", async () => {
    await assert.rejects(read(ec, { ...other, kid: ec.kid }), /two keys/);
    await assert.rejects(read(ec, { kty: "XYZ", kid: ec.kid }), /two keys/);
  });

  test("when a secret is among its keys", async () => {
    await assert.rejects(
      read(ec, { kty: "oct", k: "AAAA", kid: "s", alg: "HS256" }),
      /secret/,
    );
    await assert.rejects(read(ec, { kty: "oct" }), /secret/);
  });

  test("when it is too long", async () => {
    const many = (length) =>
      Array.from({ length }, (_, at) => ({ ...ec, kid: `k${at}` }));
    assert.equal((await read(...many(32))).size, 32);
    await assert.rejects(read(...many(33)), /not a JWK Set/);
  });

  const texts = [
    "",
    "[]",
    "{}",
    '{"keys":{}}',
    '{"keys":[],"keys":[]}',
    '{"keys":[{"kid":"a","kid":"b"}]}',
    "<html>",
  ];
  for (const text of texts) {
    test(`when it is ${text || "empty"}`, async () => {
      await assert.rejects(readKeys(Buffer.from(text)));
    });
  }
});
