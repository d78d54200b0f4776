"""Every problem that the API answers with, as its OpenAPI document shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.api.errors import problem

#: A session key of a sign-in that waits for its second step.
PENDING_TOKEN = "k3v9x0c2m5q8w1z4b7n6r5t2y9u8i3o1"  # noqa: S105 - an example
#: What an answer of this status carries besides its body.
HEADERS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


@dataclass(frozen=True)
class Problem:
    """One answer: its status and code, and what else the body then holds.

    `alias` is its name where a code has two examples; else the code is.
    """

    status: int
    code: str
    when: str
    detail: str
    members: dict[str, Any] = field(default_factory=dict)
    alias: str = ""

    @property
    def name(self) -> str:
        """By which contracts and examples know it."""
        return self.alias or self.code

    @property
    def example(self) -> dict[str, Any]:
        """A body as the API sends it."""
        return problem(self.status, self.code, self.detail, **self.members)

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that the status wants."""
        return HEADERS.get(self.status, ())


_FIELDS = {"errors": {"email": ["This field is required."]}}
_TABLE = (
    Problem(400, "parse_error", "The body is no JSON object, or ambiguous.",
            "The body is not valid JSON."),
    Problem(400, "invalid", "`errors` says what is wrong with which field.",
            "Some fields are missing or not valid.", _FIELDS),
    Problem(400, "invalid", "The code is not the one.", "Incorrect code.",
            {"errors": {"code": ["Incorrect code."]}}, alias="wrong_code"),
    Problem(400, "invalid", "The address or its host is none of ours.",
            "The address must not hold NUL.", alias="invalid_address"),
    Problem(401, "not_authenticated", "Nothing was sent that says who asks.",
            "Authentication credentials were not provided."),
    Problem(401, "token_not_valid", "The token is malformed, expired or not for this.",
            "The token is not valid or has expired."),
    Problem(401, "token_not_valid", "The `pending_token` names no sign-in.",
            "This sign-in has ended. Start again.", alias="sign_in_ended"),
    Problem(401, "token_revoked", "The sign-in that the token came from was ended.",
            "The token was revoked."),
    Problem(401, "token_revoked", "The sign-in was ended; `reason` says why.",
            "The token was revoked.", {"reason": "password_changed"},
            alias="sign_in_revoked"),
    Problem(401, "no_active_account", "It did not work; no answer says why.",
            "No active account found with the given credentials"),
    Problem(401, "mfa_required", "Go on at /api/token/mfa/ with the `pending_token`.",
            "A second factor is needed.",
            {"pending_token": PENDING_TOKEN, "factors": ["recovery_codes", "totp"]}),
    Problem(401, "email_unverified",
            "An existing person, such as an imported one, must confirm the address.",
            "The e-mail address must be verified first.",
            {"pending_token": PENDING_TOKEN}),
    Problem(401, "insufficient_user_authentication",
            "Sign in again, or with a second factor (RFC 9470).",
            "A stronger sign-in is needed.", {"acr_values": "aal2", "max_age": 300}),
    Problem(403, "permission_denied", "The call came over http where https is served.",
            "Use https."),
    Problem(403, "csrf_failed", "The CSRF token is missing or does not fit.",
            "CSRF Failed: CSRF token missing."),
    Problem(403, "mfa_enrolment_required",
            "A second step must be set up first, at the page of `enrol_url`.",
            "A second step must be set up first. Sign in on the web site.",
            {"enrol_url": "https://id.example/accounts/2fa/"}),
    Problem(403, "no_policy_session", "The session did not come from a sign-in here.",
            "This session was not made by signing in here. Sign in again."),
    Problem(405, "method_not_allowed", "`Allow` names the methods.",
            'Method "PUT" not allowed.'),
    Problem(413, "payload_too_large", "Bodies may have 256 KiB.",
            "The body exceeds 262144 bytes."),
    Problem(415, "unsupported_media_type", "Only JSON in UTF-8 is read.",
            "Send application/json."),
    Problem(429, "throttled", "Wait for as many seconds as `Retry-After` says.",
            "Request was throttled. Expected available in 1 second."),
    Problem(503, "unavailable", "A part does not answer; `Retry-After` says when.",
            "The service is busy or a part of it does not answer. Try again."),
)  # fmt: skip
PROBLEMS = {one.name: one for one in _TABLE}
