import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { BadSetting, readSettings } from "./settings.mjs";

const NEEDED = {
  AUTH_ISSUER: "https://id.example/",
  AUTH_AUDIENCE: "https://orders.example",
};

describe("settings", () => {
  test("have defaults", () => {
    assert.deepEqual(readSettings({ ...NEEDED, AUTH_LEEWAY: "" }), {
      issuer: "https://id.example/",
      audience: "https://orders.example",
      jwksUrl: "https://id.example/.well-known/jwks.json",
      revocationsUrl: "https://id.example/api/revocations/",
      revocationsMaxAge: 30,
      leeway: 0,
      name: "node-service",
      port: 8002,
    });
  });

  test("are taken as given", () => {
    const given = {
      AUTH_ISSUER: "urn:any:name",
      AUTH_JWKS_URL: "http://keys.internal:8000/keys",
      AUTH_REVOCATIONS_URL: "http://keys.internal:8000/list",
      AUTH_REVOCATIONS_MAX_AGE: "off",
      AUTH_LEEWAY: "60",
      AUTH_NAME: "Orders.api_2",
      PORT: "65535",
    };
    assert.deepEqual(readSettings({ ...NEEDED, ...given }), {
      issuer: given.AUTH_ISSUER,
      audience: NEEDED.AUTH_AUDIENCE,
      jwksUrl: given.AUTH_JWKS_URL,
      revocationsUrl: given.AUTH_REVOCATIONS_URL,
      revocationsMaxAge: null,
      leeway: 60,
      name: given.AUTH_NAME,
      port: 65_535,
    });
  });

  const bad = {
    AUTH_ISSUER: ["", "id.example", "ftp://id.example", "https://"],
    AUTH_AUDIENCE: [""],
    AUTH_JWKS_URL: ["nonsense", "file:///etc/passwd", "https://user@id.example/keys"],
    AUTH_REVOCATIONS_URL: ["/api/revocations/", "data:,x"],
    AUTH_REVOCATIONS_MAX_AGE: ["1", "3601", "OFF", "-5", "2.5", "1e1", "thirty", " 30"],
    AUTH_LEEWAY: ["61", "-1", "0.5", "0x10"],
    AUTH_NAME: ["orders api", "x".repeat(65), "a/b", "a\n"],
    PORT: ["0", "65536", "http"],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      test(`${name}=${JSON.stringify(value)} is told by its name`, () => {
        const read = () => readSettings({ ...NEEDED, [name]: value });
        assert.throws(read, (error) => {
          return (
            error instanceof BadSetting && error.message.startsWith(`${name} must be `)
          );
        });
      });
    }
  }
});
