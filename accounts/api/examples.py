"""What the OpenAPI document shows; tests/contract sends each of these requests."""

from __future__ import annotations

from typing import Any

from accounts.api.contract import Ask
from accounts.api.problems import PENDING_TOKEN

SIGN_IN_CODES = (
    "no_active_account",
    "mfa_required",
    "email_unverified",
    "mfa_enrolment_required",
)
#: Shaped as ours are, signed by nobody: refused as token_not_valid.
ACCESS = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmVk"
REFRESH = "eyJhbGciOiJFUzI1NiIsInR5cCI6InJ0K2p3dCJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmVk"
SESSION = "eyJhbGciOiJFUzI1NiIsInR5cCI6InN0K2p3dCJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmVk"
REVOCATIONS = (
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InJldm9jYXRpb25zK2p3dCJ9"
    ".eyJzaWRzIjp7fSwia2lkcyI6e319.c2lnbmVk"
)
_PASSWORD = "correct horse battery"  # noqa: S105 - of nobody

PAIR = {
    "access": ACCESS,
    "refresh": REFRESH,
    "token_type": "Bearer",
    "expires_in": 300,
}
TOKENS = {**PAIR, "session_token": SESSION}
#: An audience that the site does not have in its list, for the example of the 400.
ELSEWHERE = "https://elsewhere.example"
HELLO = {"message": "Hello maya@example.org"}
ME = {
    "id": "5f2c3d5e-8a0f-4b6c-9d1e-2f3a4b5c6d7e",
    "name": "Maya",
    "email": "maya@example.org",
    "email_verified": True,
    "groups": ["staff"],
    "amr": ["mfa", "otp", "pwd"],
    "acr": "aal2",
    "auth_time": 1_800_000_000,
}
JWKS = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "lWVGohHQA8qodo5T50u0Zw7tqbB2dJcJ7NKHuvRbc1o",
            "y": "P3IW2FvsBUTOSg3ZCC5xwPlVPFnPKU4XBXgRX-IZoNs",
            "kid": "fUJnZo4BI97jCtWt079t_XvzDFdzDHuQUBwqDXnx9b0",
            "use": "sig",
            "alg": "ES256",
        }
    ]
}


def _credentials(email: str, password: str = _PASSWORD) -> dict[str, Any]:
    return {"email": email, "password": password}


_maya = _credentials("maya@example.org")
SIGN_IN = (
    Ask("password", "A password is enough", _maya),
    Ask("wrong", "A wrong password", _credentials("maya@example.org", "x"),
        401, "no_active_account"),
    Ask("unknown", "Nobody has this address", _credentials("nobody@example.org"),
        401, "no_active_account"),
    Ask("second_step", "A second step is to come", _credentials("noor@example.org"),
        401, "mfa_required"),
    Ask("unverified", "The address is not verified", _credentials("sam@example.org"),
        401, "email_unverified"),
    Ask("incomplete", "A field is missing", {"password": _PASSWORD}, 400, "invalid"),
    Ask("audience", "Not one of the site's audiences", _maya | {"audience": ELSEWHERE},
        400, "invalid"),
)  # fmt: skip


def _step(code: str) -> dict[str, str]:
    return {"pending_token": PENDING_TOKEN, "code": code}


FINISH = (
    Ask("totp", "The authenticator app's code", _step("287082")),
    Ask("wrong", "A wrong code", _step("000000"), 400, "invalid"),
    Ask("ended", "The sign-in has ended", _step("287082"), 401, "token_not_valid"),
)
_INCOMPLETE = Ask("incomplete", "A field is missing", {}, 400, "invalid")


def refresh(*, live: bool) -> tuple[Ask, ...]:
    """Of the calls that take a refresh token; `live`: whether it must be one."""
    body = {"refresh": REFRESH}
    if not live:
        unknown = Ask("unknown", "A token that is not valid", body)
        return (Ask("live", "A live token", body), unknown, _INCOMPLETE)
    return (
        Ask("live", "A live token", body),
        Ask("not_valid", "No token of ours", body, 401, "token_not_valid"),
        Ask("revoked", "The sign-in was ended", body, 401, "token_revoked"),
        Ask("audience", "Not one of the site's audiences",
            body | {"audience": ELSEWHERE}, 400, "invalid"),
        _INCOMPLETE,
    )  # fmt: skip


VERIFY = (
    Ask("access", "A live access token", {"token": ACCESS}),
    Ask("refresh", "A live refresh token", {"token": REFRESH}),
    Ask("session", "A live session token", {"token": SESSION}),
    Ask("not_valid", "No token of ours", {"token": ACCESS}, 401, "token_not_valid"),
    Ask("revoked", "The sign-in was ended", {"token": ACCESS}, 401, "token_revoked"),
    _INCOMPLETE,
)
