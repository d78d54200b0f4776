"""allauth's switches that matter to sign-in: what each must be, and what to do instead.

Those that are not named here change words, looks or lifetimes and are free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings as account
from allauth.headless import app_settings as headless
from allauth.mfa import app_settings as mfa
from allauth.socialaccount import app_settings as social
from allauth.usersessions import app_settings as usersessions

if TYPE_CHECKING:
    from collections.abc import Callable

    Right = Callable[[Any], bool]

PREFIXES = {
    "ACCOUNT_": account,
    "MFA_": mfa,
    "SOCIALACCOUNT_": social,
    "HEADLESS_": headless,
    "USERSESSIONS_": usersessions,
}


def _is_off(value: Any) -> bool:
    return not value


def _at_most(most: float) -> Right:
    return lambda value: 0 < value <= most


@dataclass(frozen=True)
class Switch:
    """A setting of allauth's: what it must be, and what to do instead."""

    number: int
    name: str
    hint: str
    is_right: Right = _is_off

    @property
    def value(self) -> Any:
        """As allauth reads it, with its default."""
        prefix = next(prefix for prefix in PREFIXES if self.name.startswith(prefix))
        return getattr(PREFIXES[prefix], self.name.removeprefix(prefix))


SWITCHES = (
    Switch(
        101, "ACCOUNT_EMAIL_VERIFICATION",
        'Leave it "mandatory": strangers could use an address they do not own.',
        lambda value: value == account.EmailVerificationMethod.MANDATORY,
    ),
    Switch(
        102, "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED",
        "Leave it on: a link confirms an address in whichever browser opens it.",
        bool,
    ),
    Switch(
        103, "ACCOUNT_LOGIN_METHODS",
        'Leave it {"email"}: limits and history go by the email address.',
        lambda value: set(value) == {account.LoginMethod.EMAIL},
    ),
    Switch(
        104, "ACCOUNT_PREVENT_ENUMERATION",
        'Leave it "strict": sign-up would tell strangers who has an account.',
        lambda value: value == "strict",
    ),
    Switch(
        105, "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION",
        "Leave it off: anyone who reads an email would be signed in.",
    ),
    Switch(
        106, "ACCOUNT_LOGIN_ON_PASSWORD_RESET",
        "Leave it off: a link from an email would sign in. Use LOGIN_BY_CODE instead.",
    ),
    Switch(
        107, "ACCOUNT_LOGOUT_ON_GET",
        "Leave it off: any site could sign people out. Send people to account_logout, "
        "which asks.",
    ),
    Switch(
        108, "ACCOUNT_CONFIRM_EMAIL_ON_GET",
        "Leave it off: programs that scan email would confirm addresses.",
    ),
    Switch(
        109, "ACCOUNT_REAUTHENTICATION_REQUIRED",
        "Leave it on: an unlocked screen would be enough to take an account over.",
        bool,
    ),
    Switch(
        110, "ACCOUNT_REAUTHENTICATION_TIMEOUT",
        "At most 900 seconds.",
        _at_most(900),
    ),
    Switch(
        111, "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED",
        "Leave it off: a short code would replace a password. Ours is reset by a link.",
    ),
    Switch(
        112, "ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED",
        "Leave it off: it skips the second step. MFA_TRUST_ENABLED does what you want.",
    ),
    Switch(
        113, "ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS",
        "At most 5: codes are short.",
        _at_most(5),
    ),
    Switch(
        114, "ACCOUNT_LOGIN_BY_CODE_TIMEOUT",
        "At most 600 seconds (ASVS 6.5.5).",
        _at_most(600),
    ),
    Switch(
        115, "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS",
        "At most 5: codes are short.",
        _at_most(5),
    ),
    Switch(
        116, "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT",
        "At most 600 seconds (ASVS 6.5.5).",
        _at_most(600),
    ),
    Switch(
        117, "ACCOUNT_LOGIN_TIMEOUT",
        "At most 900 seconds: so long may a second step be awaited.",
        _at_most(900),
    ),
    Switch(
        118, "ACCOUNT_EMAIL_NOTIFICATIONS",
        "Leave it on: people learn of changes to their account by these emails.",
        bool,
    ),
    Switch(
        119, "ACCOUNT_PASSWORD_INPUT_RENDER_VALUE",
        "Leave it off: passwords would be written into pages.",
    ),
    Switch(
        130, "MFA_TOTP_INSECURE_BYPASS_CODE",
        "Remove it: one code would be everybody's second step.",
    ),
    Switch(
        131, "MFA_ALLOW_UNVERIFIED_EMAIL",
        "Leave it off: a stranger could lock the owner of an address out.",
    ),
    Switch(
        132, "MFA_REAUTHENTICATION_REQUIRED",
        "Leave it on: an unlocked screen would be enough to change second steps.",
        bool,
    ),
    Switch(
        133, "MFA_TOTP_TOLERANCE",
        "At most 1: each step more doubles what a guess can hit.",
        lambda value: 0 <= value <= 1,
    ),
    Switch(
        134, "MFA_TRUST_COOKIE_HTTPONLY",
        "Leave it on: a script could copy the trust in a browser.",
        bool,
    ),
    Switch(
        140, "SOCIALACCOUNT_EMAIL_AUTHENTICATION",
        "Leave it off: a provider's word on an address would open the account. "
        "People connect providers while signed in: docs/linking.md.",
    ),
    Switch(
        141, "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT",
        "Leave it off, as above.",
    ),
    Switch(
        142, "SOCIALACCOUNT_LOGIN_ON_GET",
        "Leave it off: a link on any site could sign people in. Post a form instead.",
    ),
    Switch(
        143, "SOCIALACCOUNT_REAUTHENTICATION_REQUIRED",
        "Leave it on: an unlocked screen would be enough to connect a provider.",
        bool,
    ),
    Switch(
        144, "SOCIALACCOUNT_EMAIL_VERIFICATION",
        "Leave it out: a provider's word is not a confirmed address.",
        lambda value: value in (None, account.EmailVerificationMethod.MANDATORY),
    ),
    Switch(
        145, "SOCIALACCOUNT_STORE_TOKENS",
        "Leave it off: a copy of the database would open people's accounts elsewhere.",
    ),
)  # fmt: skip

#: Classes that must be ours or subclasses of ours.
OURS = {
    150: ("ACCOUNT_ADAPTER", "accounts.policy.account_adapter.AccountAdapter"),
    151: ("MFA_ADAPTER", "accounts.policy.mfa_adapter.MFAAdapter"),
    152: (
        "SOCIALACCOUNT_ADAPTER",
        "accounts.policy.social_adapter.SocialAccountAdapter",
    ),
    153: (
        "USERSESSIONS_ADAPTER",
        "accounts.policy.sessions_adapter.SessionsAdapter",
    ),
    154: ("HEADLESS_TOKEN_STRATEGY", "accounts.tokens.strategy.FamilyTokenStrategy"),
    155: (
        "ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR",
        "accounts.policy.reset_tokens.ResetTokens",
    ),
}
#: Of one provider, in its settings or, in lower case, those of one of its apps.
OF_PROVIDERS = (
    "EMAIL_AUTHENTICATION",
    "EMAIL_AUTHENTICATION_AUTO_CONNECT",
    "VERIFIED_EMAIL",
)
