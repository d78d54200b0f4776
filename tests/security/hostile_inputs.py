"""The list of all that reads what anybody may send, but for single functions.

They are in hostile_readers.py. test_linear_work.py times each of both, and fails when
something that the site has is missing here.
"""

from __future__ import annotations

import json

from django.conf import settings

from authsite import bounds, head
from tests.security import hostile_texts as texts

BODY = bounds.MAX_BODY
HEADER = head.MAX_FIELD
TARGET = head.MAX_TARGET - 200  # the path and name beside it
TEXT, EMAILS, IN_HEADER = texts.ANYWHERE, texts.FOR_EMAILS, texts.FOR_HEADERS

# What each middleware reads of a request, as in its META; PATH_INFO is its path. A
# header that is read by none is not parsed before a view.
MIDDLEWARE: dict[str, tuple[str, ...]] = {
    "accounts.pages.language.BrowserLanguageMiddleware": (
        "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "PATH_INFO",
    ),
    "accounts.pages.language.ProfileLanguageMiddleware": ("PATH_INFO",),
    "accounts.policy.enrolment.EnrolmentMiddleware": ("PATH_INFO",),
    "accounts.policy.pace.PaceMiddleware": (),
    "accounts.policy.session_lifetime.SessionLifetimeMiddleware": ("HTTP_COOKIE",),
    "allauth.account.middleware.AccountMiddleware": ("HTTP_ACCEPT", "PATH_INFO"),
    "authsite.bounds.BoundsMiddleware": (
        "CONTENT_LENGTH", "CONTENT_TYPE", "QUERY_STRING", "PATH_INFO",
    ),
    "authsite.door.ApiDoor": (
        "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_AUTHORIZATION",
        "HTTP_HOST", "HTTP_IF_NONE_MATCH", "HTTP_ORIGIN", "HTTP_USER_AGENT",
        "HTTP_X_FORWARDED_FOR", "HTTP_X_REQUEST_ID", "HTTP_X_SERVICE_NAME",
        "PATH_INFO", "QUERY_STRING",
    ),
    "authsite.wellknown.HealthMiddleware": ("PATH_INFO",),
    "corsheaders.middleware.CorsMiddleware": (
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
        "HTTP_ORIGIN",
    ),
    "csp.middleware.CSPMiddleware": (),
    "django.contrib.auth.middleware.AuthenticationMiddleware": ("HTTP_COOKIE",),
    "django.contrib.auth.middleware.LoginRequiredMiddleware": ("QUERY_STRING",),
    "django.contrib.messages.middleware.MessageMiddleware": ("HTTP_COOKIE",),
    "django.contrib.sessions.middleware.SessionMiddleware": ("HTTP_COOKIE",),
    "django.middleware.clickjacking.XFrameOptionsMiddleware": (),
    "django.middleware.common.CommonMiddleware": (
        "HTTP_HOST", "HTTP_USER_AGENT", "PATH_INFO", "QUERY_STRING",
    ),
    "django.middleware.csrf.CsrfViewMiddleware": (
        "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_REFERER", "HTTP_X_CSRFTOKEN",
    ),
    "django.middleware.security.SecurityMiddleware": (
        "HTTP_HOST", "HTTP_X_FORWARDED_PROTO",
    ),
    "django_permissions_policy.PermissionsPolicyMiddleware": (),
    "django_structlog.middlewares.RequestMiddleware": (
        "HTTP_USER_AGENT", "HTTP_X_CORRELATION_ID", "HTTP_X_FORWARDED_FOR",
        "HTTP_X_REQUEST_ID", "QUERY_STRING", "PATH_INFO",
    ),
    "authsite.request_ids.RequestIDMiddleware": ("HTTP_X_REQUEST_ID",),
    "whitenoise.middleware.WhiteNoiseMiddleware": (
        "HTTP_ACCEPT_ENCODING", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH",
        "HTTP_RANGE", "PATH_INFO",
    ),
}  # fmt: skip
#: Read by views.
HEADERS = ("HTTP_X_SESSION_TOKEN", "HTTP_X_EMAIL_VERIFICATION_KEY",
           "HTTP_X_PASSWORD_RESET_KEY", "HTTP_X_REQUESTED_WITH")  # fmt: skip
#: Cookies that somebody reads.
COOKIES = (
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages",
    settings.LANGUAGE_COOKIE_NAME, settings.DEVICE_COOKIE_NAME,
    settings.LAST_USED_COOKIE_NAME, settings.MFA_TRUST_COOKIE_NAME,
)  # fmt: skip
#: Parameters in the address bar that a view reads.
QUERY = ("next", "state", "code", "error", "iss", "key", "token", "process", "page",
         "v", "lang", "format", "q", "id_token", "email")  # fmt: skip


def most_of(name: str) -> int:
    """The longest that the server lets through, of something in META."""
    if name in {"PATH_INFO", "QUERY_STRING"}:
        return TARGET
    header = name.removeprefix("HTTP_").replace("_", "-").lower()
    return head.FIELDS.get(header.encode(), HEADER)


PARSERS = frozenset({"accounts.api.negotiation.JSONParser"})
EMAIL, ANY, CREDENTIAL = "email", "any", "credential"
_CREDENTIALS = {
    **TEXT,
    **{f"json: {name}": text for name, text in texts.FOR_JSON.items()},
}
KINDS = {EMAIL: EMAILS, ANY: TEXT, CREDENTIAL: _CREDENTIALS}
SERIALIZERS = "accounts.api.serializers"
SERIALIZER_FIELDS = {
    f"{SERIALIZERS}.CredentialsSerializer.audience": ANY,
    f"{SERIALIZERS}.CredentialsSerializer.email": EMAIL,
    f"{SERIALIZERS}.CredentialsSerializer.password": ANY,
    f"{SERIALIZERS}.RefreshSerializer.audience": ANY,
    f"{SERIALIZERS}.RefreshSerializer.refresh": ANY,
    f"{SERIALIZERS}.RevokeSerializer.refresh": ANY,
    f"{SERIALIZERS}.SecondFactorSerializer.audience": ANY,
    f"{SERIALIZERS}.SecondFactorSerializer.code": ANY,
    f"{SERIALIZERS}.SecondFactorSerializer.pending_token": ANY,
    f"{SERIALIZERS}.VerifySerializer.token": ANY,
}
#: Module: form: its fields. What a field is called says what it is given.
_FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts.pages.code_forms": {
        "ConfirmEmailVerificationCodeForm": ("code",),
        "ConfirmLoginCodeForm": ("code",),
        "ConfirmReauthenticationCodeForm": ("code",),
        "RequestLoginCodeForm": ("email",),
        "SignUpCode": ("code",),
    },
    "accounts.pages.connections": {"DisconnectForm": ("account",)},
    "accounts.pages.forms": {
        "ActivateTOTPForm": ("code",),
        "AddEmailForm": ("email",),
        "AuthenticateForm": ("code",),
        "ChangePasswordForm": ("oldpassword", "password1"),
        "LoginForm": ("login", "password", "remember"),
        "MFAReauthenticateForm": ("code",),
        "ReauthenticateForm": ("password",),
        "ResetPasswordForm": ("email",),
        "ResetPasswordKeyForm": ("password1",),
        "SetPasswordForm": ("password1",),
        "SignupForm": ("email", "password1"),
        "SocialSignupForm": ("email", "username"),
    },
    "accounts.pages.passkey_forms": {
        "AddWebAuthnForm": ("credential", "name", "passwordless"),
        "AuthenticateWebAuthnForm": ("credential",),
        "EditWebAuthnForm": ("name",),
        "LoginWebAuthnForm": ("credential",),
        "ReauthenticateWebAuthnForm": ("credential",),
        "SignupWebAuthnForm": ("credential", "name"),
    },
    "accounts.policy.headless": {
        "LoginInput": ("email", "password"),
        "ProviderSignupInput": ("email", "username"),
        "RequestPasswordResetInput": ("email",),
        "ResetPasswordInput": ("key", "password"),
        "SignupInput": ("email", "password"),
    },
    "accounts.policy.headless_codes": {
        "ConfirmLoginCodeInput": ("code",),
        "RequestLoginCodeInput": ("email",),
        "VerifyEmailInput": ("key",),
    },
    "accounts.policy.headless_factors": {"AuthenticateInput": ("code",)},
    "accounts.policy.headless_passkeys": {
        "AuthenticateWebAuthnInput": ("credential",),
        "CreateWebAuthnInput": ("credential", "name"),
        "LoginWebAuthnInput": ("credential",),
        "SignupWebAuthnInput": ("email",),
    },
    "accounts.policy.headless_removal": {
        "ConfirmInput": ("code",),
        "RequestInput": ("password",),
    },
    "allauth.headless.account.inputs": {
        "AddEmailInput": ("email",),
        "DeleteEmailInput": ("email",),
        "MarkAsPrimaryEmailInput": ("email", "primary"),
        "ResendEmailVerificationInput": ("email",),
    },
    "allauth.headless.mfa.inputs": {"TrustInput": ("trust",)},
    "allauth.headless.socialaccount.inputs": {
        "ProviderTokenInput": ("process", "provider", "token"),
    },
    "allauth.headless.tokens.inputs": {"RefreshTokenInput": ("refresh_token",)},
}
_NAMED = {"email": EMAIL, "login": EMAIL, "credential": CREDENTIAL}
FORM_FIELDS = {
    f"{module}.{form}.{field}": _NAMED.get(field, ANY)
    for module, forms in _FORMS.items()
    for form, fields in forms.items()
    for field in fields
}
#: Every name that a form or a call reads, and what it is given.
NAMES = {name.rpartition(".")[2]: kind for name, kind in FORM_FIELDS.items()}


def body_of(text: str) -> bytes:
    """JSON in which every name has that text."""
    return json.dumps(dict.fromkeys(NAMES, text)).encode()
