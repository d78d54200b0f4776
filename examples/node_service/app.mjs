/** The routes: who may call them, and what they answer. Nothing else listens here. */

import { createServer } from "node:http";

import { InvalidToken, NotAuthenticated, Refusal, toProblem } from "./errors.mjs";
import { requireRecent } from "./step_up.mjs";

/** More than a token may have: one that is too long is then refused by us, and told why. */
const MAX_HEADER_BYTES = 65_536;

const provedLately = requireRecent({ maxAge: 300, acr: "aal2" });

/**
 * Each takes the request and the verifier, and returns the body of a 200.
 *
 * @type {Map<string, (request: import("node:http").IncomingMessage,
 *   verifier: import("./verifier.mjs").Verifier) => object | Promise<object>>}
 */
const ROUTES = new Map([
  // Says that the process lives, whatever the state of the issuer.
  ["/healthz", () => ({ status: "ok" })],
  [
    "/protected-route",
    async (request, verifier) => hello(await signedIn(request, verifier)),
  ],
  [
    "/protected-route/recent",
    async (request, verifier) => {
      const claims = await signedIn(request, verifier);
      provedLately(claims, verifier);
      return hello(claims);
    },
  ],
]);

function hello({ email }) {
  return { message: `Hello ${email}` };
}

/**
 * The claims of the caller's access token; every protected route begins with it.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {import("./verifier.mjs").Verifier} verifier
 * @throws {Refusal}
 */
async function signedIn(request, verifier) {
  const sent = request.headersDistinct.authorization ?? [];
  if (sent.length > 1) throw new InvalidToken("More than one token was sent");
  // The scheme's name in any case (RFC 9110 section 11.1).
  const [, token] = /^bearer +(.+)$/i.exec(sent[0] ?? "") ?? [];
  if (token === undefined) throw new NotAuthenticated();
  return verifier.verify(token);
}

/**
 * @param {import("./verifier.mjs").Verifier} verifier
 * @param {Pick<Console, "error">} [log]
 */
export function createApp(verifier, log = console) {
  return createServer(
    { maxHeaderSize: MAX_HEADER_BYTES },
    async (request, response) => {
      try {
        const route = find(request);
        answer(request, response, { body: await route(request, verifier) });
      } catch (error) {
        if (!(error instanceof Refusal)) log.error(error);
        answer(request, response, toProblem(error));
      }
    },
  );
}

/** @param {import("node:http").IncomingMessage} request */
function find({ method, url }) {
  const route = ROUTES.get(url.split("?", 1)[0]);
  if (!route) throw new Refusal(404, "not_found", "There is nothing here");
  if (method !== "GET" && method !== "HEAD") {
    const headers = { Allow: "GET, HEAD" };
    throw new Refusal(405, "method_not_allowed", "Only GET is answered here", headers);
  }
  return route;
}

function answer(request, response, { status = 200, headers = {}, body }) {
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : JSON.stringify(body));
}
