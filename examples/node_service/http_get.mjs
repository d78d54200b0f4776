/** GET from the issuer: bounded in time and size, and from that very address. */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {Buffer} body
 */

/**
 * @param {string} url
 * @param {object} bounds
 * @param {number} bounds.timeout seconds for all of it, the last byte included
 * @param {number} bounds.maxBytes of the body
 * @param {Record<string, string>} [bounds.headers] to send
 * @returns {Promise<Answer>}
 * @throws {Error} when it cannot be had within the bounds, and for a redirect: keys and
 *   lists come from the configured address or not at all
 */
export async function httpGet(url, { timeout, maxBytes, headers }) {
  const signal = AbortSignal.timeout(timeout * 1000);
  const response = await fetch(url, { headers, signal, redirect: "error" });
  const chunks = [];
  let length = 0;
  // What is left unread when this throws is cancelled by leaving the loop.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return { status: response.status, headers: response.headers, body };
}

/**
 * Why a fetch failed, in a few words for the log: undici hides it in `cause`.
 *
 * @param {Error & {cause?: Error}} error
 */
export function reason(error) {
  return error.cause?.message || error.cause?.code || error.message;
}
