import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { before, describe, test } from "node:test";

import { createApp } from "./app.mjs";
import { InvalidToken, Unavailable } from "./errors.mjs";
import { fakeClock, NOW } from "./testing.mjs";

const CLAIMS = { email: "maya@example.org", acr: "aal2", auth_time: NOW };

describe("the service", () => {
  let port;
  const logged = [];
  /** What the verifier says of each token; the real one has its own tests. */
  const verdicts = {
    good: () => CLAIMS,
    weak: () => ({ ...CLAIMS, acr: "aal1" }),
    old: () => ({ ...CLAIMS, auth_time: NOW - 301 }),
    bad: () => {
      throw new InvalidToken("The token has expired");
    },
    unknown: () => {
      throw new Unavailable("The signing keys cannot be had just now", 7);
    },
    broken: () => {
      throw new Error("a secret of ours");
    },
  };
  const verifier = {
    clock: fakeClock(),
    leeway: 0,
    verify: async (token) => verdicts[token](),
  };

  before(async () => {
    const server = createApp(verifier, { error: (error) => logged.push(error) });
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    port = server.address().port;
  });

  async function ask(path, authorization, method = "GET") {
    const headers = authorization ? { authorization } : {};
    const sent = request({ port, host: "127.0.0.1", path, method, headers }).end();
    const [answer] = await once(sent, "response");
    const text = (await answer.toArray()).join("");
    return { ...answer, status: answer.statusCode, headers: answer.headers, text };
  }

  async function refused(asked, status, code, detail) {
    const { status: got, headers, text } = await asked;
    const body = JSON.parse(text);
    assert.equal(headers["content-type"], "application/problem+json");
    assert.deepEqual([got, body.status, body.code], [status, status, code]);
    assert.equal(body.type, "about:blank");
    assert.match(body.detail, detail);
    return { headers, body };
  }

  test("greets, and lets nobody keep the answer", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const answer = await ask("/protected-route", `${scheme} good`);
      assert.equal(answer.status, 200);
      assert.deepEqual(JSON.parse(answer.text), { message: "Hello maya@example.org" });
      assert.equal(answer.headers["cache-control"], "no-store");
    }
    assert.equal((await ask("/protected-route/recent?x=1", "Bearer good")).status, 200);
  });

  test("lives without a token", async () => {
    const answer = await ask("/healthz");
    assert.deepEqual([answer.status, answer.text], [200, '{"status":"ok"}']);
    assert.equal((await ask("/healthz", undefined, "HEAD")).text, "");
  });

  test("answers nothing sent with a bare challenge", async () => {
    for (const sent of [
      undefined,
      "Basic Z29vZA==",
      "Bearer",
      "Bearer ",
      "good",
      "Bearergood",
    ]) {
      const asked = ask("/protected-route", sent);
      const { headers } = await refused(asked, 401, "not_authenticated", /Send an/);
      assert.equal(headers["www-authenticate"], "Bearer");
    }
  });

  test("says why a token is no good", async () => {
    const asked = ask("/protected-route", "Bearer bad");
    const { headers } = await refused(
      asked,
      401,
      "token_not_valid",
      /^The token has expired\.$/,
    );
    const challenge =
      'Bearer error="invalid_token", error_description="The token has expired"';
    assert.equal(headers["www-authenticate"], challenge);
  });

  test("takes one token at a time", async () => {
    const asked = ask("/protected-route", ["Bearer good", "Bearer good"]);
    await refused(asked, 401, "token_not_valid", /More than one/);
  });

  test("asks for a stronger or fresher sign-in", async () => {
    for (const token of ["weak", "old"]) {
      const code = "insufficient_user_authentication";
      const asked = ask("/protected-route/recent", `Bearer ${token}`);
      const { headers, body } = await refused(asked, 401, code, /sign-in is needed/);
      assert.deepEqual([body.acr_values, body.max_age], ["aal2", 300]);
      assert.match(
        headers["www-authenticate"],
        /^Bearer error="insufficient_user_authentication", error_description="[^"]+", acr_values="aal2", max_age="300"$/,
      );
    }
  });

  test("says when to come again", async () => {
    const asked = ask("/protected-route", "Bearer unknown");
    const { headers } = await refused(asked, 503, "unavailable", /keys/);
    assert.equal(headers["retry-after"], "7");
  });

  test("keeps what broke to itself, and logs it", async () => {
    const asked = ask("/protected-route", "Bearer broken");
    const { body } = await refused(asked, 500, "internal_server_error", /broke/);
    assert.ok(!JSON.stringify(body).includes("secret"));
    assert.equal(logged.at(-1).message, "a secret of ours");
  });

  test("has these routes and no others, for reading", async () => {
    for (const path of ["/", "/protected-route/", "//", "/__proto__", "*"]) {
      await refused(ask(path, "Bearer good"), 404, "not_found", /nothing here/);
    }
    const asked = ask("/protected-route", "Bearer good", "DELETE");
    const { headers } = await refused(asked, 405, "method_not_allowed", /Only GET/);
    assert.equal(headers.allow, "GET, HEAD");
  });
});
