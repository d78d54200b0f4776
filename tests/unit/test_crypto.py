"""Keys from AUTH_SECRET: one for each purpose, older secrets still read."""

from __future__ import annotations

import pytest

from accounts.crypto import (
    DecryptionError,
    decrypt,
    derive_key,
    encrypt,
    keyed_hash,
    keyed_hash_matches,
)


def test_round_trip_and_nothing_in_clear():
    sealed = encrypt(b"secret", "a")
    assert decrypt(sealed, "a") == b"secret"
    assert b"secret" not in sealed
    assert encrypt(b"secret", "a") != sealed


def test_another_purpose_cannot_read_it():
    with pytest.raises(DecryptionError):
        decrypt(encrypt(b"secret", "a"), "b")


@pytest.mark.parametrize("text", [b"", b"x", b"\xff" * 100])
def test_nonsense_and_changed_texts_are_refused(text):
    with pytest.raises(DecryptionError):
        decrypt(text, "a")
    sealed = encrypt(b"secret", "a")
    with pytest.raises(DecryptionError):
        decrypt(sealed[:-2] + b"AA", "a")


def test_an_older_secret_still_reads_and_a_lost_one_does_not(settings):
    sealed, digest = encrypt(b"secret", "a"), keyed_hash("x", "a")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50
    assert decrypt(sealed, "a") == b"secret"
    assert keyed_hash_matches("x", digest, "a")
    assert not keyed_hash_matches("y", digest, "a")
    assert keyed_hash("x", "a") != digest
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(DecryptionError):
        decrypt(sealed, "a")
    assert not keyed_hash_matches("x", digest, "a")


def test_a_known_answer():
    # RFC 5869 by another implementation: HKDF-SHA256, no salt, 32 bytes.
    import hashlib
    import hmac

    pseudo = hmac.new(b"\0" * 32, b"secret", hashlib.sha256).digest()
    expected = hmac.new(pseudo, b"authsite:purpose\x01", hashlib.sha256).digest()
    assert derive_key("secret", "purpose") == expected


def test_reseal_lets_an_older_secret_be_forgotten(make_person, settings, api):
    import io

    from django.core.management import call_command

    from accounts.tokens import ring
    from tests.fixtures import enrol_totp

    app = enrol_totp(make_person())
    codes = api.sign_in().json()["pending_token"]
    pair = api.post(
        "/api/token/mfa/", {"pending_token": codes, "code": app.code()}
    ).json()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the present secret, of more than thirty-two bytes"
    out = io.StringIO()
    call_command("reseal", stdout=out)
    assert out.getvalue() == "Encrypted anew: 1 signing keys, 2 factors.\n"
    call_command("reseal", stdout=out)
    assert "0 signing keys, 0 factors" in out.getvalue()
    assert api.refresh(pair["refresh"]).status_code == 200  # its session is renewed
    settings.SECRET_KEY_FALLBACKS = []
    ring.forget()
    assert api.get("/api/me/", pair["access"]).status_code == 200
    pending = api.sign_in().json()["pending_token"]
    body = {"pending_token": pending, "code": app.code(1)}
    assert api.post("/api/token/mfa/", body).status_code == 200
