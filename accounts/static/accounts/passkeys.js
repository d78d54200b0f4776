/* Passkeys and security keys: sign in (by button and by autofill), use one as a second
   step, make one, and tell the browser which ones are still known.
   Without this script its buttons stay hidden, and every page says another way. */
(() => {
  "use strict";
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  for (const part of document.querySelectorAll("[data-needs-passkeys]")) {
    part.hidden = !able;
    if (!able) delete part.dataset.needsPasskeys; // and the room that app.css keeps for it
  }
  for (const part of document.querySelectorAll("[data-without-passkeys]")) {
    part.hidden = able;
    if (!able) part.dataset.withoutPasskeys = "shown"; // app.css waits for this word
  }
  if (!able) return;

  /* A page that stands open asks for a new challenge before the old one is too old. */
  const RENEW = 10 * 60 * 1000;
  const QUIET = ["AbortError", "NotAllowedError"]; // cancelled, timed out: nothing happened

  /* 1. JSON and buffers; by the browser's own means where it has them ---------------- */
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const readKeys = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

  function readCreation(json) {
    if (PublicKeyCredential.parseCreationOptionsFromJSON) {
      return PublicKeyCredential.parseCreationOptionsFromJSON(json);
    }
    return {
      ...json,
      challenge: bytes(json.challenge),
      user: { ...json.user, id: bytes(json.user.id) },
      excludeCredentials: readKeys(json.excludeCredentials),
    };
  }

  function readRequest(json) {
    if (PublicKeyCredential.parseRequestOptionsFromJSON) {
      return PublicKeyCredential.parseRequestOptionsFromJSON(json);
    }
    const challenge = bytes(json.challenge);
    return { ...json, challenge, allowCredentials: readKeys(json.allowCredentials) };
  }

  function written(credential) {
    try {
      return JSON.stringify(credential.toJSON());
    } catch {
      const response = {};
      for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
        if (credential.response[name]) response[name] = text(credential.response[name]);
      }
      return JSON.stringify({
        id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
        clientExtensionResults: credential.getClientExtensionResults(),
      });
    }
  }

  /* 2. Errors, in the page's own words ------------------------------------------------ */
  const box = document.getElementById("passkey-problem");

  function say(sentence) {
    const summary = document.getElementById("error-summary");
    if (summary) summary.hidden = true;
    box.hidden = false;
    box.querySelector("li").textContent = sentence;
    box.focus();
  }

  function explain(error) {
    if (QUIET.includes(error.name)) return;
    const words = { InvalidStateError: "already", SecurityError: "elsewhere", Limited: "limited" };
    say(box.dataset[words[error.name] || "failed"]);
  }

  const signal = (name, about) => {
    try {
      Promise.resolve(PublicKeyCredential[name]?.(about)).catch(() => {});
    } catch {
      /* A courtesy to the browser's own list, no more. */
    }
  };

  /* 3. Sign in: one request at a time ------------------------------------------------- */
  const login = document.getElementById("mfa_login");
  const button = document.getElementById("passkey_login");
  let current = { abort: () => {}, done: Promise.resolve() };
  let timer = 0;

  /* Ends the request that is pending and waits for that; then begins this one. */
  function ask(mediation) {
    const controller = new AbortController();
    const before = current.done;
    current.abort();
    clearTimeout(timer);
    const answer = before.then(async () => {
      const { publicKey } = await options(controller.signal);
      const found = { publicKey: readRequest(publicKey), signal: controller.signal };
      const credential = await navigator.credentials.get(mediation ? { ...found, mediation } : found);
      return { credential, rpId: publicKey.rpId };
    });
    current = { abort: () => controller.abort(), done: answer.then(() => {}, () => {}) };
    return answer;
  }

  async function options(aborted) {
    const response = await fetch(login.action, { headers: { Accept: "application/json" }, signal: aborted });
    if (response.status === 429) throw Object.assign(new Error("no options yet"), { name: "Limited" });
    if (!response.ok) throw new Error("no options");
    return (await response.json()).request_options;
  }

  /* True when it led on to another page. */
  async function send({ credential, rpId }) {
    const body = new FormData(login);
    body.set("credential", written(credential));
    if (document.getElementById("id_remember")?.checked) body.set("remember", "on");
    const response = await fetch(login.action, { method: "POST", headers: { Accept: "application/json" }, body });
    const isJson = response.headers.get("Content-Type")?.includes("json");
    const answer = isJson ? await response.json() : {};
    if (answer.location) {
      location.assign(answer.location);
      return true;
    }
    if (answer.unknown) signal("signalUnknownCredential", { rpId, credentialId: credential.id });
    say(answer.error || (response.status === 429 ? box.dataset.limited : box.dataset.failed));
    return false;
  }

  /* In the e-mail field's own suggestions, for as long as the page stands. */
  async function offerInField() {
    if (!document.querySelector("input[autocomplete~=webauthn]")) return;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const answer = ask("conditional");
    timer = setTimeout(offerInField, RENEW);
    try {
      if (await send(await answer)) return;
    } catch {
      return; // the button's turn, a renewal, or the server is away: the timer goes on
    }
    offerInField();
  }

  async function signIn() {
    button.setAttribute("aria-busy", "true");
    try {
      if (await send(await ask())) return;
    } catch (error) {
      explain(error);
    } finally {
      button.removeAttribute("aria-busy");
    }
    offerInField();
  }

  if (login && button) {
    button.addEventListener("click", () => button.hasAttribute("aria-busy") || signIn());
    window.addEventListener("pageshow", (event) => event.persisted && offerInField());
    // An answer that came after a sign-in would put its anonymous session in that one's place.
    window.addEventListener("beforeunload", () => current.abort());
    offerInField();
  }

  /* 4. Forms that carry a key's answer: a second step, proof again, a new key --------- */
  function create(publicKey) {
    const alone = document.getElementById("id_passwordless");
    if (alone) {
      const wanted = publicKey.authenticatorSelection;
      wanted.residentKey = alone.checked ? "required" : "discouraged";
      wanted.requireResidentKey = alone.checked;
      if (alone.checked) wanted.userVerification = "required";
    }
    return navigator.credentials.create({ publicKey: readCreation(publicKey) });
  }

  for (const form of document.querySelectorAll("form[data-key-ceremony]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.asking) return;
      form.dataset.asking = "yes";
      const given = JSON.parse(document.getElementById("js_data").textContent);
      try {
        const credential = given.creation_options
          ? await create(given.creation_options.publicKey)
          : await navigator.credentials.get({ publicKey: readRequest(given.request_options.publicKey) });
        form.elements.credential.value = written(credential);
        form.submit();
      } catch (error) {
        explain(error);
        delete form.dataset.sent; // page.js: it was not sent
        delete form.dataset.asking;
      }
    });
  }

  /* 5. The browser's own list of passkeys: a removed one leaves it, a new name enters -- */
  const accepted = document.getElementById("accepted_passkeys");
  if (accepted) {
    const { rpId, userId, name, displayName, allAcceptedCredentialIds } = JSON.parse(accepted.textContent);
    signal("signalAllAcceptedCredentials", { rpId, userId, allAcceptedCredentialIds });
    signal("signalCurrentUserDetails", { rpId, userId, name, displayName });
  }
})();
