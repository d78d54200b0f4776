/** Readers for what strangers send: one spelling for each value, nothing said twice. */

const MAX_DEPTH = 64;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The bytes that unpadded base64url text stands for (RFC 7515 section 2).
 *
 * Node's decoder lets padding, foreign characters and stray trailing bits pass, so that
 * one signature could be written in many ways.
 *
 * @param {string} text
 * @returns {Buffer}
 * @throws {SyntaxError} unless it is spelled in the one right way
 */
export function base64url(text) {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) {
    throw new SyntaxError("not canonical base64url");
  }
  return bytes;
}

/**
 * The JSON object in UTF-8 bytes.
 *
 * `fractions` names the members under which a number is written with a fraction or an
 * exponent: to JavaScript 5 and 5.0 are the same, to other readers they are not.
 *
 * @param {Uint8Array} bytes
 * @returns {{object: Record<string, any>, fractions: Set<string>}}
 * @throws {SyntaxError | TypeError} when it is none, nests too deep, or repeats a name:
 *   two readers could then see two different things (RFC 8725 section 2.4)
 */
export function jsonObject(bytes) {
  const text = utf8.decode(bytes);
  const object = JSON.parse(text);
  if (!isObject(object)) throw new SyntaxError("not an object");
  return { object, fractions: scan(text) };
}

/**
 * Looks for what JSON.parse has passed over in silence. The text must be valid JSON:
 * then strings, brackets and commas are all that there is to see.
 *
 * @param {string} text
 * @returns {Set<string>} see jsonObject
 * @throws {SyntaxError}
 */
export function scan(text) {
  const fractions = new Set();
  /** @type {{names: Set<string> | null, name: string | null}[]} names: of an object */
  const open = [];
  for (let at = 0; at < text.length; at += 1) {
    const level = open.at(-1);
    switch (text[at]) {
      case "{":
      case "[":
        if (open.length === MAX_DEPTH) throw new SyntaxError("nested too deep");
        open.push({ names: text[at] === "{" ? new Set() : null, name: null });
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        level.name = null;
        break;
      case '"': {
        const end = endOfString(text, at);
        if (level?.names && level.name === null) {
          level.name = addName(level.names, text.slice(at, end + 1));
        }
        at = end;
        break;
      }
      case ".":
      case "E":
      case "e":
        // Outside strings an "e" is an exponent, or the end of true and false.
        if (isDigit(text[at - 1])) fractions.add(open[0]?.name);
    }
  }
  return fractions;
}

/** @param {Set<string>} names @param {string} literal with its quotes */
function addName(names, literal) {
  // "\u0061" and "a" are the same name.
  const name = literal.includes("\\") ? JSON.parse(literal) : literal.slice(1, -1);
  if (names.has(name)) throw new SyntaxError("a name stands twice");
  names.add(name);
  return name;
}

/** @param {string} text @param {number} start of the opening quote */
function endOfString(text, start) {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** @param {string | undefined} character */
function isDigit(character) {
  return character >= "0" && character <= "9";
}

/** @param {unknown} value */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether this is a string, not empty, that can be written as UTF-8: a lone surrogate
 * is legal in JSON and would fail only in the answer.
 *
 * @param {unknown} value @param {number} [longest] in UTF-16 units
 */
export function isText(value, longest = 512) {
  return value !== "" && isUnicode(value, longest);
}

/**
 * The same, or empty.
 *
 * @param {unknown} value @param {number} [longest] in UTF-16 units
 */
function isUnicode(value, longest = 512) {
  return typeof value === "string" && value.length <= longest && value.isWellFormed();
}

/** Whether this is a UUID in its one canonical spelling. @param {unknown} value */
export function isUuid(value) {
  return typeof value === "string" && UUID.test(value);
}

/** @param {unknown} value */
export function isTexts(value) {
  return Array.isArray(value) && value.every((one) => isUnicode(one));
}
