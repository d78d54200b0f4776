"""What can go wrong on the way, to choose on the consent page."""

from __future__ import annotations

import dataclasses

from tests.standins.store import Person

EVERYWHERE = {
    "": "Nothing goes wrong",
    "denied": "The person refuses",
    "unverified": "The e-mail address is not verified",
    "no_email": "No e-mail address is told",
    "changed_email": "The same account with another e-mail address",
    "other_subject": "Another account with the same e-mail address",
    "wrong_state": "The state is another",
    "expired": "The code is too old",
    "error_500": "The token endpoint answers 500",
    "slow": "The token endpoint is very slow",
    "garbage": "The token endpoint answers nonsense",
}
WITH_ID_TOKEN = {
    "wrong_nonce": "The nonce is another",
    "foreign_issuer": "The id_token is another issuer's",
    "wrong_audience": "The id_token is for another app",
    "rotated_key": "The id_token is signed by a key that is not published",
    "no_kid": "The id_token names no key",
    "unsigned": "The id_token is not signed (alg none)",
    "expired_id_token": "The id_token is too old",
    "other_userinfo": "userinfo speaks of somebody else",
    "text_for_true": 'email_verified is the text "false"',
}


def befallen(person: Person, misfortune: str) -> Person:
    """The person as the provider will tell of them."""
    if misfortune == "unverified":
        return dataclasses.replace(person, verified=False)
    if misfortune == "no_email":
        return dataclasses.replace(person, email="")
    if misfortune == "changed_email":
        return dataclasses.replace(person, email=f"changed.{person.email}")
    if misfortune == "other_subject":
        return dataclasses.replace(person, sub=str(int(person.sub) + 1))
    return person
