/** Two libraries that read access tokens by RFC 9068, each behind a route of its own. */

import express from "express";
import { auth } from "express-oauth2-jwt-bearer";
import { allowInsecureRequests, validateJwtAccessToken } from "oauth4webapi";

const { ISSUER: issuer, AUDIENCE: audience, PORT } = process.env;
const jwksUri = `${issuer}/.well-known/jwks.json`;
const app = express();

app.get("/healthz", (request, response) => response.end());

const strictly = { issuer, jwksUri, audience, tokenSigningAlg: "ES256", strict: true };
app.get("/express-oauth2-jwt-bearer", auth(strictly), (request, response) => {
  response.json(request.auth.payload);
});

app.get("/oauth4webapi", async (request, response) => {
  const { authorization } = request.headers;
  const received = new Request(issuer, { headers: { authorization } });
  const server = { issuer, jwks_uri: jwksUri };
  // The site under test speaks http.
  const options = { [allowInsecureRequests]: true };
  response.json(await validateJwtAccessToken(server, received, audience, options));
});

app.use((error, request, response, next) => {
  const reasons = [error.message, error.cause?.claim].filter(Boolean);
  response.status(401).json({ refused: reasons.join(" ") });
});

app.listen(Number(PORT), "127.0.0.1");
