import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { base64url, isText, isUuid, jsonObject, scan } from "./strict.mjs";

const read = (text) => jsonObject(Buffer.from(text)).object;

describe("base64url", () => {
  test("reads what Node writes", () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = Buffer.alloc(length, length * 37);
      assert.deepEqual(base64url(bytes.toString("base64url")), bytes);
    }
  });

  for (const text of [
    "YQ==",
    "YQ=",
    "YR",
    "Y",
    "+w",
    "/w",
    " YQ",
    "YQ\n",
    "Y Q",
    "é",
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => base64url(text), SyntaxError);
    });
  }
});

describe("names", () => {
  const twice = [
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u00e9":1,"é":2}',
    '{"":1,"":2}',
    '{"a":{"b":1,"b":2}}',
    '{"a":[{"b":1},{"b":1,"b":1}]}',
    '{"a":[],"a":{}}',
    '{"a":"x,y:{}[]","a":1}',
    '{"a\\"":1,"a\\"":2}',
    '{"a\\\\":1,"a\\\\":2}',
    '{"__proto__":1,"__proto__":2}',
    ' { "a" : 1 ,\n\t"a" : 2 } ',
  ];
  for (const text of twice) {
    test(`stand twice in ${text}`, () => {
      assert.ok(
        JSON.parse(text),
        "JSON.parse says nothing, or there is nothing to test",
      );
      assert.throws(() => read(text), /stands twice/);
    });
  }

  const once = [
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '{"a":[{"b":1},{"b":1}],"b":"b"}',
    '{"a":"a","b":"a"}',
    '{"a":"\\"a\\":1,","b":"\\\\"}',
    '{"a":["a","a","a"],"A":"a"}',
    '{"é":1,"e\u0301":2}',
    '{"\\\\u0061":1,"a":2}',
  ];
  for (const text of once) {
    test(`stand once in ${text}`, () => {
      assert.deepEqual(read(text), JSON.parse(text));
    });
  }
});

describe("fractions", () => {
  const cases = [
    ['{"a":1,"b":-12,"c":"1.5e3","d":true,"e":false,"f":null}', []],
    ['{"a":1.0,"b":1}', ["a"]],
    ['{"a":1e3,"b":2E0,"c":-0.5,"d":1.5e+3}', ["a", "b", "c", "d"]],
    ['{"a":{"b":[1,{"c":1.5}]},"b":0,"c":"."}', ["a"]],
    ['{"\\u0061":1.5}', ["a"]],
  ];
  for (const [text, expected] of cases) {
    test(`of ${text}`, () => {
      const { object, fractions } = jsonObject(Buffer.from(text));
      assert.deepEqual([...fractions], expected);
      assert.deepEqual(object, JSON.parse(text));
    });
  }
});

describe("no JSON object", () => {
  const texts = [
    "",
    "[]",
    "1",
    "null",
    '"a"',
    "{",
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":01}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":1}//',
    '{"a":1}{}',
    "\ufeff{}",
    '{"a":"\n"}',
    "{}\0",
  ];
  for (const text of texts) {
    test(JSON.stringify(text), () => assert.throws(() => read(text)));
  }

  test("bytes that are no UTF-8", () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80]]) {
      const text = [Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')];
      assert.throws(() => jsonObject(Buffer.concat(text)), TypeError);
    }
  });

  test("nested too deep, at one level more than may be", () => {
    const nested = (depth) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    assert.ok(read(nested(63)));
    for (const depth of [64, 300, 100_000]) {
      assert.throws(() => read(nested(depth)), /too deep/);
    }
  });
});

describe("generated texts", () => {
  test("are read as JSON.parse reads them, and refused once a name is repeated", () => {
    const random = generator(20_260);
    let repeated = 0;
    for (let count = 0; count < 3000; count += 1) {
      const { text, twice } = makeText(random);
      if (twice) {
        repeated += 1;
        assert.throws(() => read(text), /stands twice/, text);
      } else {
        assert.deepEqual(read(text), JSON.parse(text), text);
      }
    }
    assert.ok(repeated > 300 && repeated < 2700, `${repeated} of each kind`);
  });

  test("of a list's full size are scanned fast", () => {
    const many = Array.from({ length: 80_000 }, (_, at) => [
      `name-${at}`.padEnd(40, "x"),
      at,
    ]);
    const text = JSON.stringify(Object.fromEntries(many));
    const began = performance.now();
    assert.equal(scan(text).size, 0);
    assert.ok(performance.now() - began < 2000);
  });
});

describe("texts", () => {
  test("are not empty, not too long and well-formed", () => {
    assert.ok(isText("a") && isText("😀") && isText("x".repeat(512)));
    for (const value of ["", "x".repeat(513), "\ud800", 1, null, undefined, ["a"]]) {
      assert.ok(!isText(value), String(value));
    }
  });

  test("are UUIDs in one spelling", () => {
    const uuid = "7d3c1b2a-9e8f-4d6c-b5a4-3f2e1d0c9b8a";
    assert.ok(isUuid(uuid));
    for (const other of [
      uuid.toUpperCase(),
      `{${uuid}}`,
      uuid.replaceAll("-", ""),
      `${uuid}\n`,
    ]) {
      assert.ok(!isUuid(other), other);
    }
  });
});

/** Park and Miller's generator: the same numbers at every run. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** A random object as text; `twice` whether one of its objects repeats a name. */
function makeText(random) {
  const state = { twice: false };
  return { text: makeObject(random, 3, state), twice: state.twice };
}

const NAMES = [
  "a",
  "b",
  "c",
  "\\u0061",
  '\\"',
  "\\\\",
  "",
  "é",
  "x,y",
  "{",
  "]:",
  "__proto__",
];
const VALUES = [
  "1",
  "-2.5e3",
  "true",
  "null",
  '"a"',
  '"\\""',
  '"{\\"a\\":1}"',
  '"\\\\"',
  "[]",
  "{}",
];

function makeObject(random, depth, state) {
  const seen = new Set();
  const members = Array.from({ length: random(4) }, () => {
    const name = NAMES[random(NAMES.length)];
    const meant = JSON.parse(`"${name}"`);
    if (seen.has(meant)) state.twice = true;
    seen.add(meant);
    return `${space(random)}"${name}"${space(random)}:${makeValue(random, depth - 1, state)}`;
  });
  return `{${members.join(",")}${space(random)}}`;
}

function makeValue(random, depth, state) {
  const kind = depth > 0 ? random(3) : 0;
  if (kind === 0) return space(random) + VALUES[random(VALUES.length)] + space(random);
  if (kind === 1) return makeObject(random, depth, state);
  const items = Array.from({ length: random(4) }, () =>
    makeValue(random, depth - 1, state),
  );
  return `[${items.join(",")}]`;
}

function space(random) {
  return ["", " ", "\n\t"][random(3)];
}
