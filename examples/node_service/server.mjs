/** Starts the service by the environment, and stops it on SIGTERM or SIGINT. */

import { once } from "node:events";

import { createApp } from "./app.mjs";
import { JwksClient } from "./jwks.mjs";
import { RevocationsClient } from "./revocations.mjs";
import { BadSetting, readSettings } from "./settings.mjs";
import { Verifier } from "./verifier.mjs";

/** For this machine alone: whatever stands in front of it speaks https. */
const HOST = "127.0.0.1";
const PATIENCE_MS = 5000;

async function main() {
  const settings = readSettings(process.env);
  const { issuer, audience, leeway, name, port } = settings;
  const keys = new JwksClient({ url: settings.jwksUrl, name });
  const revocations = new RevocationsClient({
    url: settings.revocationsUrl,
    maxAge: settings.revocationsMaxAge,
    issuer,
    keys,
    name,
  });
  const server = createApp(
    new Verifier({ issuer, audience, leeway, keys, revocations }),
  );
  server.listen(port, HOST);
  await once(server, "listening");
  revocations.start();
  console.log(`${name} listens on http://${HOST}:${port}`);
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => stop(server, revocations));
  }
}

/** Lets requests end, then the process; a second signal ends it at once. */
function stop(server, revocations) {
  server.close(); // idle connections at once, busy ones when they have been answered
  setTimeout(() => server.closeAllConnections(), PATIENCE_MS).unref();
  return revocations.stop();
}

try {
  await main();
} catch (error) {
  console.error(error instanceof BadSetting ? error.message : error);
  process.exitCode = 1;
}
