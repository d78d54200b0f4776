"""An issuer that we hold in the hand: it can lie, be slow, be away, and count."""

from __future__ import annotations

import base64
import collections
import contextlib
import hashlib
import http.server
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterator

JWKS = "/.well-known/jwks.json"
REVOCATIONS = "/api/revocations/"
AUDIENCE = "https://orders.example"


@dataclass
class SigningKey:
    """An ES256 key with a name."""

    kid: str
    private: Any = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def jwk(self) -> dict[str, str]:
        """Its public part."""
        numbers = self.private.public_key().public_numbers()
        x, y = (
            base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
            for number in (numbers.x, numbers.y)
        )
        more = {"kid": self.kid, "use": "sig", "alg": "ES256"}
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, **more}

    def sign(self, payload: dict[str, Any], typ: str = "at+jwt") -> str:
        """A compact JWS with exactly alg, kid and typ in its header."""
        head = {"typ": typ, "kid": self.kid}
        return jwt.api_jws.encode(
            json.dumps(payload).encode(), self.private, "ES256", head
        )


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    path: str
    headers: dict[str, str]
    at: float  # monotonic
    status: int


class StandIn:
    """JWKS and list of revocations on a port of its own.

    Knobs: `keys` (published), `sids` and `kids` (revoked), `document` and `listed`
    (bytes sent instead of the true JWKS and list), `down` (paths that are dropped
    without an answer), `held` (paths that wait for `release`; `waiting` counts them),
    `max_age` of the JWKS.
    """

    def __init__(self) -> None:
        self.key = SigningKey("first")
        self.keys = [self.key]
        self.sids: dict[str, int] = {}
        self.kids: dict[str, int] = {}
        self.document: bytes | None = None
        self.listed: bytes | None = None
        self.down: set[str] = set()
        self.held: set[str] = set()
        self.waiting: collections.Counter[str] = collections.Counter()
        self.release = threading.Event()
        self.max_age = 300
        self.seen: list[Seen] = []
        self.url = ""
        self._signed: tuple[Any, bytes] = None, b""

    def mint(self, key: SigningKey | None = None, **claims: Any) -> str:
        """A good access token, with these claims instead."""
        return (key or self.key).sign({**self.claims(), **claims})

    def claims(self) -> dict[str, Any]:
        """What a good access token says now."""
        now = int(time.time())
        return {
            "iss": self.url, "aud": AUDIENCE, "sub": str(uuid.uuid4()),
            "iat": now, "exp": now + 300, "jti": uuid.uuid4().hex,
            "sid": str(uuid.uuid4()), "token_type": "access",
            "email": "maya@example.org", "email_verified": True, "groups": [],
            "amr": ["pwd"], "acr": "aal1", "auth_time": now,
        }  # fmt: skip

    def revocations(self, key: SigningKey | None = None, **claims: Any) -> bytes:
        """A list of what is revoked, signed now; with these claims instead."""
        issued = int(time.time()) // 30 * 30
        said = {
            "iss": self.url, "iat": issued, "exp": issued + 90, "window": 330,
            "sids": self.sids, "kids": self.kids, **claims,
        }  # fmt: skip
        return (key or self.keys[0]).sign(said, "revocations+jwt").encode()

    def count(self, path: str, status: int | None = None) -> int:
        """How many requests for a path came in, answered with this status."""
        return sum(
            one.path == path and status in {None, one.status} for one in list(self.seen)
        )

    def answer(self, path: str) -> tuple[bytes, dict[str, str]] | None:
        """Body and headers for a path, None when there is nothing."""
        if path == JWKS:
            jwks = json.dumps({"keys": [key.jwk for key in self.keys]}).encode()
            body, kind = self.document or jwks, "application/json"
            age = self.max_age
        elif path == REVOCATIONS:
            body, kind, age = self.listed or self._current(), "application/jwt", 1
        else:
            return None
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        control = f"public, max-age={age}"
        return body, {"Content-Type": kind, "ETag": etag, "Cache-Control": control}

    def _current(self) -> bytes:
        # Our signatures are not deterministic; the same list has the same bytes.
        step = int(time.time()) // 30
        known_by = (step, dict(self.sids), dict(self.kids), self.keys[0].kid)
        if self._signed[0] != known_by:
            self._signed = known_by, self.revocations()
        return self._signed[1]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    issuer: StandIn

    def do_GET(self) -> None:
        issuer = self.issuer
        if self.path in issuer.held:
            issuer.waiting[self.path] += 1
            issuer.release.wait(30)
        if self.path in issuer.down:
            self._note(0)
            self.close_connection = True
            return
        found = issuer.answer(self.path)
        if found is None:
            self._send(404, b"", {})
        elif self.headers.get("If-None-Match") == found[1]["ETag"]:
            self._send(304, b"", found[1])
        else:
            self._send(200, *found)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._note(status)
        with contextlib.suppress(OSError):  # whoever asked may have gone
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _note(self, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.issuer.seen.append(Seen(self.path, headers, time.monotonic(), status))

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def stand_in() -> Iterator[StandIn]:
    """A running one."""
    issuer = StandIn()
    handler = type("Handler", (_Handler,), {"issuer": issuer})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.release.set()
        server.shutdown()
        server.server_close()
