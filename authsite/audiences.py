"""Whom access tokens may be for: JWT_AUDIENCE, or JWT_AUDIENCES for more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authsite.env import wrong

if TYPE_CHECKING:
    from authsite.env import Env

#: What follows the issuer in audiences of our own: tokens for these are minted by other
#: rules, and no service may receive one.
RESERVED = ("account", "admin")


def audiences(env: Env, issuer: str, default: str) -> tuple[str, ...]:
    """The audiences of access tokens, our own API's first. Raises ImproperlyConfigured.

    An audience with a comma in it would match no verifier, and one that is reserved
    would let a service act as the account or the admin API.
    """
    one, several = env.text("JWT_AUDIENCE"), env.items("JWT_AUDIENCES")
    name = "JWT_AUDIENCES" if env.text("JWT_AUDIENCES") else "JWT_AUDIENCE"
    if one and name == "JWT_AUDIENCES":
        raise wrong("JWT_AUDIENCE", "set it or JWT_AUDIENCES, not both")
    if "," in one:
        raise wrong("JWT_AUDIENCE", "write several audiences in JWT_AUDIENCES instead")
    if name == "JWT_AUDIENCES" and not several:
        raise wrong(name, "write audiences with commas between them")
    found = tuple(dict.fromkeys(several or [one or default]))
    if taken := [end for end in RESERVED if f"{issuer}/{end}" in found]:
        raise wrong(name, f"JWT_ISSUER followed by /{taken[0]} is reserved")
    return found
