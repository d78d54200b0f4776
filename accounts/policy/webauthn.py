"""What a passkey or security key must prove here, beyond what allauth checks.

allauth takes any origin under the RP id, keeps a challenge until it was answered well,
lets the challenge of one ceremony serve another, and never looks at the signature
counter. These checks stand around its own; see docs/passkeys.md.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from fido2.cose import CoseKey
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import UserVerificationRequirement

from accounts.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fido2.webauthn import (
        CollectedClientData,
        RegistrationResponse,
    )

#: Keys that one person may have; each is read at every use of one.
KEYS_PER_PERSON = 20
#: Longer than two requests with one session can overlap; then the session has let go.
SPENT_SECONDS = 600
#: Where an authenticator's row keeps the last signature counter.
COUNTER = "sign_count"
#: What the parsers raise on bytes that are not what they should be.
MALFORMED = (
    *(ValueError, TypeError, LookupError, AttributeError, struct.error),
    *(ArithmeticError, RecursionError, NotImplementedError, AssertionError),
)
TOO_MANY = "too_many_login_attempts"
FAILED = _("That did not work. Try again.")
UNKNOWN = _("This passkey is not known here. Sign in another way.")
COPIED = _("This key may have been copied, so it was refused. Use another way.")
FULL = _("You have as many passkeys and security keys as can be kept. Remove one.")
HERE_ALREADY = _("This passkey is already on your account. Nothing was changed.")


class Refused(ValidationError):
    """A passkey was not accepted; `code` tells programs why."""

    def __init__(self, message: Any = FAILED, code: str = "incorrect_code") -> None:
        super().__init__(message, code=code)


@contextmanager
def strict() -> Iterator[None]:
    """Around a ceremony's end: whatever fails is a Refused, and ends its challenge."""
    try:
        yield
    except Refused:
        auth.clear_state()
        raise
    except ValidationError as error:
        if error.code == TOO_MANY:
            raise
        auth.clear_state()
        raise Refused from None
    except MALFORMED:
        auth.clear_state()
        raise Refused from None


def check_client(client_data: CollectedClientData) -> None:
    """Our own page, not within another's frame, answering this session's challenge.

    A challenge is answered once, well or not: also by two requests at one moment.
    Raises Refused.
    """
    state = auth.get_state() or {}
    challenge = websafe_encode(client_data.challenge)
    if client_data.origin != settings.SITE_URL or client_data.cross_origin:
        raise Refused
    if state.get("challenge") != challenge:
        raise Refused
    spent = f"webauthn:{sha256(challenge.encode()).hex()}"
    if not cache.add(spent, value=True, timeout=SPENT_SECONDS):
        raise Refused


def check_passwordless(authenticator: Authenticator) -> None:
    """For a sign-in by passkey alone: it was made for that. Raises Refused.

    A security key that was added as a second step verifies its person all the same.
    That this answer was given by a PIN, finger or face, allauth checks.
    """
    if authenticator.wrap().is_passwordless is False:
        raise Refused


def owner_of(response: dict[str, Any], credential_id: bytes) -> User:
    """Whose passkey this is. The same Refused for none, a removed one, and disabled.

    Nothing is proven yet: the answer is the client's own.
    """
    unknown = Refused(UNKNOWN, "unknown_passkey")
    handle = response.get("response", {}).get("userHandle") or ""
    try:
        pk = UUID(hex=websafe_decode(handle).decode())
    except MALFORMED:
        raise unknown from None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or not auth.get_authenticator_by_credential_id(user, credential_id):
        raise unknown
    return user


def count(authenticator: Authenticator, counter: int) -> None:
    """Keep the signature counter. Raises Refused when it did not go up: a copied key.

    Passkeys that are synced between devices have none and always send 0.
    """
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update()
        row = rows.filter(pk=authenticator.pk).first()
        if row is None:
            raise Refused(UNKNOWN, "unknown_passkey")  # removed meanwhile
        last = row.data.get(COUNTER, row.wrap().authenticator_data.counter)
        if (counter or last) and counter <= last:
            raise Refused(COPIED, "copied_passkey")
        if counter != last:
            row.data[COUNTER] = counter
            row.save(update_fields=["data"])
    authenticator.data = row.data


def asked_for_verification() -> bool:
    """Whether this session's challenge wants a PIN, finger or face."""
    wanted = (auth.get_state() or {}).get("user_verification")
    return bool(wanted == UserVerificationRequirement.REQUIRED)


def check_new(user: User, registration: RegistrationResponse) -> None:
    """A key of an algorithm that can be verified, and not one too many.

    Raises Refused.
    """
    data = registration.response.attestation_object.auth_data.credential_data
    if data is None or data.public_key[3] not in CoseKey.supported_algorithms():
        raise Refused
    known = {one.credential_id for one in auth.get_credentials(user)}
    if data.credential_id in known:
        raise Refused(HERE_ALREADY, "known_passkey")
    if len(known) >= KEYS_PER_PERSON:
        raise Refused(FULL, "too_many_passkeys")


def kept(
    registration: RegistrationResponse, *, alone: bool, told: Any
) -> dict[str, Any]:
    """What is stored of a new key: nothing that the client made up.

    `told` is the client's credProps.rk; where it says nothing, what was asked for
    (`alone`: a key that can be used without a password) is what was made.
    """
    rk = told if isinstance(told, bool) else alone
    raw = websafe_encode(registration.raw_id)
    return {
        "id": raw,
        "rawId": raw,
        "type": "public-key",
        "response": {
            "clientDataJSON": registration.response.client_data.b64,
            "attestationObject": websafe_encode(
                bytes(registration.response.attestation_object)
            ),
        },
        "clientExtensionResults": {"credProps": {"rk": rk}},
    }


def keys_of(user: User) -> list[Authenticator]:
    """Their passkeys and security keys, the oldest first."""
    kind = Authenticator.Type.WEBAUTHN
    return list(Authenticator.objects.filter(user=user, type=kind).order_by("pk"))


def accepted(user: User) -> dict[str, Any]:
    """What a browser wants to know to keep its own list of passkeys right.

    For PublicKeyCredential.signalAllAcceptedCredentials and signalCurrentUserDetails.
    """
    adapter = get_adapter()
    entity = adapter.get_public_key_credential_user_entity(user)
    return {
        "rpId": adapter.get_public_key_credential_rp_entity()["id"],
        "userId": websafe_encode(entity["id"]),
        "name": entity["name"],
        "displayName": entity["display_name"],
        "allAcceptedCredentialIds": [
            websafe_encode(one.credential_id) for one in auth.get_credentials(user)
        ],
    }
