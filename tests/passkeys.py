"""A passkey or security key in software: as good as a real one, or as bad as wanted."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "http://localhost"
FLAG = AuthenticatorData.FLAG
JSON = "application/json"
LOGIN = "/accounts/2fa/webauthn/login/"
ADD = "/accounts/2fa/webauthn/add/"
LIST = "/accounts/2fa/webauthn/"


@dataclass
class SoftKey:
    """One credential. What it says of itself can be changed between uses."""

    origin: str = ORIGIN
    rp_id: str = "localhost"
    verified: bool = True
    present: bool = True
    counter: int = 0
    rk: bool | None = True
    cross_origin: bool = False
    user_handle: str = ""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    private: Any = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The answer to navigator.credentials.create()."""
        public = options["publicKey"]
        self.user_handle = public["user"]["id"]
        key = ES256.from_cryptography_key(self.private.public_key())
        attested = AttestedCredentialData.create(Aaguid.NONE, self.id, key)
        data = self._data(FLAG.AT, attested)
        attestation = AttestationObject.create("none", data, {})
        client = self._client("webauthn.create", public["challenge"], changes)
        results = {} if self.rk is None else {"credProps": {"rk": self.rk}}
        return self._credential(
            {
                "clientDataJSON": websafe_encode(client),
                "attestationObject": websafe_encode(attestation),
            },
            results,
        )

    def get(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The answer to navigator.credentials.get()."""
        data = self._data()
        client = self._client(
            "webauthn.get", options["publicKey"]["challenge"], changes
        )
        signature = self.private.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": websafe_encode(client),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": self.user_handle,
            },
            {},
        )

    def _data(self, flags: int = 0, attested: bytes = b"") -> AuthenticatorData:
        flags |= (FLAG.UP if self.present else 0) | (FLAG.UV if self.verified else 0)
        return AuthenticatorData.create(
            sha256(self.rp_id.encode()), FLAG(flags), self.counter, attested
        )

    def _client(self, kind: str, challenge: str, changes: dict[str, Any]) -> Any:
        return CollectedClientData.create(
            **{
                "type": kind,
                "challenge": websafe_decode(challenge),
                "origin": self.origin,
                "cross_origin": self.cross_origin,
                **changes,
            }
        )

    def _credential(
        self, response: dict[str, Any], results: dict[str, Any]
    ) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": results,
        }


def options_in(page: Any) -> dict[str, Any]:
    """The options that a page carries for its script."""
    text = page.content.decode()
    start = text.index('<script id="js_data" type="application/json">')
    block = text[text.index(">", start) + 1 : text.index("</script>", start)]
    found = json.loads(block)
    return dict(found.get("creation_options") or found["request_options"])


def enrol(browser: Any, key: SoftKey, name: str = "", *, alone: bool = True) -> Any:
    """Add a key on the page, for whoever is signed in."""
    options = options_in(browser.get(ADD))
    body = {"name": name, "credential": json.dumps(key.create(options))}
    return browser.post(ADD, {**body, "passwordless": "on"} if alone else body)


def ask(browser: Any) -> dict[str, Any]:
    """The options of a sign-in by passkey."""
    answer = browser.get(LOGIN, headers={"accept": JSON})
    return dict(answer.json()["request_options"])


def answer(browser: Any, credential: Any, **more: Any) -> Any:
    """Send a credential to the sign-in, as the page's script does."""
    text = credential if isinstance(credential, str) else json.dumps(credential)
    return browser.post(LOGIN, {"credential": text, **more}, headers={"accept": JSON})


def sign_in(browser: Any, key: SoftKey, **more: Any) -> Any:
    """A whole sign-in by passkey."""
    return answer(browser, key.get(ask(browser)), **more)
