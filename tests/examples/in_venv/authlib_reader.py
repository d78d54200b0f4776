"""Run by a Python with Authlib: what its validator (RFC 9068) says of tokens, as JSON.

Reads {"issuer", "audience", "tokens": {name: token}}; prints for each validator below
{name: [claims, reason]}, of which one is null.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from urllib.request import urlopen

from authlib.oauth2 import OAuth2Error, ResourceProtector
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator

asked = json.load(sys.stdin)


class Stock(JWTBearerTokenValidator):
    """Authlib's own, with the keys of the running site."""

    def get_jwks(self):
        with urlopen(f"{self.issuer}/.well-known/jwks.json") as answer:
            return json.load(answer)


class Documented(Stock):
    """As docs/tokens.md says: Authlib takes an empty list for a missing value."""

    def authenticate_token(self, token_string):
        claims = super().authenticate_token(token_string)
        claims.options["groups"]["allow_blank"] = True
        return claims


def read(validator, token):
    protector = ResourceProtector()
    protector.register_token_validator(validator(asked["issuer"], asked["audience"]))
    request = SimpleNamespace(headers={"Authorization": f"Bearer {token}"})
    try:
        return dict(protector.validate_request(None, request)), None
    except OAuth2Error as error:
        return None, str(error.__cause__)


told = {
    validator.__name__: {
        name: read(validator, token) for name, token in asked["tokens"].items()
    }
    for validator in (Stock, Documented)
}
json.dump(told, sys.stdout)
