"""The key ring as this process knows it: rows, decrypted, read again after 30 s."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.crypto import decrypt, encrypt
from accounts.tokens.keys import ALGORITHMS, SHARED, Key, generate, load, shared
from accounts.tokens.models import SigningKey

PURPOSE = "signing key"
#: How long a process may sign and verify without looking for new keys, in seconds.
FRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys that verify, and the one that signs.

    With JWT_SHARED_SECRET access tokens are signed by that. Refresh tokens never are:
    whoever verifies could make them.
    """

    keys: dict[str, Key]
    signing: Key
    for_access: dict[str, Key]
    signing_access: Key

    def verifies(self, kind: str) -> dict[str, Key]:
        """The keys that a token of this kind may be signed with, by `kid`."""
        return self.for_access if kind == "access" else self.keys

    def signs(self, kind: str, kid: str = "") -> Key:
        """The key for a new token; the one called `kid` while it is in the ring."""
        if kind == "access" and self.signing_access is not self.signing:
            return self.signing_access
        return self.keys.get(kid, self.signing)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public parts (RFC 7517 5); none while a secret is shared instead."""
        public = self.signing_access is self.signing
        return {"keys": [key.jwk for key in self.keys.values()] if public else []}


def make_ring(keys: dict[str, Key], signing: Key) -> Ring:
    """A ring by settings.JWT_ALGORITHM."""
    if settings.JWT_ALGORITHM != SHARED:
        return Ring(keys, signing, keys, signing)
    one = shared(settings.JWT_SHARED_SECRET)
    return Ring(keys, signing, {**keys, one.kid: one}, one)


_lock = threading.Lock()
_known: tuple[float, Ring] | None = None


def ring() -> Ring:
    """The ring; read when this process has none or its copy is FRESH_SECONDS old.

    A database that is away leaves the copy in use: keys change rarely, and a token
    must not be refused for it. Raises django.db.Error only when there is no copy.
    """
    global _known  # noqa: PLW0603 - the one cache of this process
    known = _known
    if known and time.monotonic() - known[0] < FRESH_SECONDS:
        return known[1]
    with _lock:
        if _known is known:
            try:
                fresh = _read()
            except Exception:
                if known is None:
                    raise
                fresh = known[1]
            if known and _same(known[1], fresh):
                fresh = known[1]  # what was proven under it stays proven
            _known = (time.monotonic(), fresh)
            return fresh
    return ring()  # another thread has just read it


def forget() -> None:
    """Drop this process's copy, so that a change shows at once."""
    global _known  # noqa: PLW0603
    _known = None


def _read() -> Ring:
    rows = _rows()
    if not any(row.state == SigningKey.State.ACTIVE for row in rows):
        make_active_key()
        rows = _rows()
    found = {row.kid: _open(row) for row in rows}
    active = next(row for row in rows if row.state == SigningKey.State.ACTIVE)
    return make_ring(found, found[active.kid])


def _rows() -> list[SigningKey]:
    gone = SigningKey.State.GONE
    return list(SigningKey.objects.exclude(state=gone).order_by("created_at"))


def _same(old: Ring, new: Ring) -> bool:
    return (
        old.for_access.keys() == new.for_access.keys()
        and old.signing.kid == new.signing.kid
    )


def _open(row: SigningKey) -> Key:
    return load(decrypt(bytes(row.sealed_private), PURPOSE), row.algorithm)


def make_active_key() -> None:
    """The first key, on first use. Of several processes that try, one succeeds."""
    try:
        with transaction.atomic():
            key = new_key(SigningKey.State.ACTIVE)
            record(Action.KEY_CREATED, kid=key.kid, algorithm=key.algorithm)
    except IntegrityError:
        return  # another process was first; its key is read next


def new_key(state: SigningKey.State) -> SigningKey:
    """A new key's row, by settings.JWT_ALGORITHM. Raises IntegrityError."""
    wanted = settings.JWT_ALGORITHM
    algorithm = ALGORITHMS[0] if wanted == SHARED else wanted
    pem = generate(algorithm)
    key = load(pem, algorithm)
    return SigningKey.objects.create(
        kid=key.kid,
        algorithm=key.algorithm,
        state=state,
        sealed_private=encrypt(pem, PURPOSE),
        activated_at=timezone.now() if state == SigningKey.State.ACTIVE else None,
    )
