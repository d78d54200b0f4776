"""The key ring as this process knows it: rows, decrypted, read again after 30 s."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import Action
from accounts.audit.record import record
from accounts.crypto import decrypt, encrypt
from accounts.tokens.keys import ALGORITHMS, SHARED, Key, generate, load, shared
from accounts.tokens.models import SigningKey
from accounts.tokens.proven import ProvenTokens

PURPOSE = "signing key"
#: How long a process may sign and verify without looking for new keys, in seconds.
FRESH_SECONDS = 30.0
#: For how long a process that has not read of it may sign with a retired key, and some
#: for clocks.
LATE = FRESH_SECONDS + 1
#: For how long a retired key is published beyond its last access token: processes that
#: have not read the ring sign with it a little longer, and clocks differ.
MARGIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Ring:
    """All keys that verify, and the one that signs.

    `keys` verify refresh tokens, `for_access` access tokens, and `published` session
    tokens and, in the JWKS, what others verify. With JWT_SHARED_SECRET access tokens
    are signed by that. Refresh and session tokens never are: every service that holds
    the secret could make them. `retired` holds when a key stopped signing, in seconds
    since the epoch.
    """

    keys: dict[str, Key]
    signing: Key
    for_access: dict[str, Key]
    signing_access: Key
    published: dict[str, Key]
    retired: dict[str, float] = field(default_factory=dict)
    proven: ProvenTokens = field(default_factory=ProvenTokens, compare=False)

    def verifies(self, kind: str) -> dict[str, Key]:
        """The keys that a token of this kind may be signed with, by `kid`."""
        return {"access": self.for_access, "session": self.published}.get(
            kind, self.keys
        )

    def signs_until(self, kind: str, kid: str) -> float:
        """The latest `iat` that a token of this kind may have, by its key.

        A refresh token goes on as long as its key is in the ring: its family decides.
        """
        if kind == "refresh":
            return float("inf")
        return self.retired.get(kid, float("inf"))

    def signs(self, kind: str, kid: str) -> Key:
        """The key called `kid`; a shared secret instead for access tokens.

        Raises KeyError when it is not in the ring.
        """
        shared = self.signing_access is not self.signing
        return self.signing_access if shared and kind == "access" else self.keys[kid]

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public parts (RFC 7517 5); none while a secret is shared instead."""
        public = self.signing_access is self.signing
        return {"keys": [key.jwk for key in self.published.values()] if public else []}


_lock = threading.Lock()
_known: tuple[float, Ring] | None = None
_forgotten = 0  # how often; a ring that was read before the last time is not kept


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
            before = _forgotten
            try:
                fresh = _read()
            except Exception:
                if known is None:
                    raise
                fresh = known[1]
            if known and _same(known[1], fresh):
                fresh = known[1]  # what was proven under it stays proven
            if before == _forgotten:
                _known = (time.monotonic(), fresh)
                return fresh
    return ring()  # another thread has just read it, or it is out of date already


def forget() -> None:
    """Drop this process's copy, so that a change shows at once."""
    global _known, _forgotten  # noqa: PLW0603
    _forgotten += 1
    _known = None


def _read() -> Ring:
    rows = _rows()
    if not any(row.state == SigningKey.State.ACTIVE for row in rows):
        make_active_key()
        rows = _rows()
    found = {row.kid: _open(row) for row in rows}
    active = next(row for row in rows if row.state == SigningKey.State.ACTIVE)
    # A key that was retired long ago has signed no access token that is still good. So
    # it verifies none, here or elsewhere, and the JWKS stays short, however long
    # refresh tokens live.
    oldest = timezone.now() - settings.JWT_ACCESS_LIFETIME - MARGIN
    published = {
        row.kid: found[row.kid]
        for row in rows
        if row.retired_at is None or row.retired_at > oldest
    }
    retired = {
        row.kid: row.retired_at.timestamp() + LATE for row in rows if row.retired_at
    }
    return make_ring(found, found[active.kid], published, retired)


def make_ring(
    keys: dict[str, Key],
    signing: Key,
    published: dict[str, Key],
    retired: dict[str, float],
) -> Ring:
    """A ring by settings.JWT_ALGORITHM."""
    if settings.JWT_ALGORITHM != SHARED:
        return Ring(keys, signing, published, signing, published, retired)
    one = shared(settings.JWT_SHARED_SECRET)
    for_access = {**published, one.kid: one}
    return Ring(keys, signing, for_access, one, published, retired)


def _rows() -> list[SigningKey]:
    gone = SigningKey.State.GONE
    return list(SigningKey.objects.exclude(state=gone).order_by("created_at"))


def _same(old: Ring, new: Ring) -> bool:
    return (
        old.keys.keys() == new.keys.keys()
        and old.for_access.keys() == new.for_access.keys()
        and old.published.keys() == new.published.keys()
        and old.retired == new.retired
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
