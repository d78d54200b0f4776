"""`manage.py check` tells of every setting that would open a door, and what to do."""

from __future__ import annotations

import types

import pytest
from django.apps import AppConfig, apps
from django.conf import settings as site_settings
from django.contrib.auth.middleware import PersistentRemoteUserMiddleware
from django.core import checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from rest_framework.authentication import TokenAuthentication
from rest_framework.settings import reload_api_settings

from accounts.policy.account_adapter import AccountAdapter
from accounts.policy.session_lifetime import SessionLifetimeMiddleware

STOCK = "allauth.{}.adapter.Default{}Adapter"


class OurAdapter(AccountAdapter):
    """A team's own, as the hint says."""


class OurLifetime(SessionLifetimeMiddleware):
    """The same."""


def as_another(get_response):
    def middleware(request):
        request.user = request.GET.get("as")
        return get_response(request)

    return middleware


def found():
    every = checks.run_checks(tags=[checks.Tags.security])
    return {one.id: one for one in every if one.id.startswith("authsite.E")}


def test_the_site_itself_has_no_finding():
    assert found() == {}


UNSAFE = {
    "AUTHENTICATION_BACKENDS": (2, ["django.contrib.auth.backends.ModelBackend"]),
    "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": (5, True),
    "ACCOUNT_EMAIL_VERIFICATION": (101, "optional"),
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": (102, False),
    "ACCOUNT_LOGIN_METHODS": (103, {"email", "username"}),
    "ACCOUNT_PREVENT_ENUMERATION": (104, False),
    "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION": (105, True),
    "ACCOUNT_LOGIN_ON_PASSWORD_RESET": (106, True),
    "ACCOUNT_LOGOUT_ON_GET": (107, True),
    "ACCOUNT_CONFIRM_EMAIL_ON_GET": (108, True),
    "ACCOUNT_REAUTHENTICATION_REQUIRED": (109, False),
    "ACCOUNT_REAUTHENTICATION_TIMEOUT": (110, 86_400),
    "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": (111, True),
    "ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED": (112, True),
    "ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS": (113, 100),
    "ACCOUNT_LOGIN_BY_CODE_TIMEOUT": (114, 86_400),
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS": (115, 100),
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT": (116, 86_400),
    "ACCOUNT_LOGIN_TIMEOUT": (117, 86_400),
    "ACCOUNT_EMAIL_NOTIFICATIONS": (118, False),
    "ACCOUNT_PASSWORD_INPUT_RENDER_VALUE": (119, True),
    "MFA_TOTP_INSECURE_BYPASS_CODE": (130, "123456"),
    "MFA_ALLOW_UNVERIFIED_EMAIL": (131, True),
    "MFA_REAUTHENTICATION_REQUIRED": (132, False),
    "MFA_TOTP_TOLERANCE": (133, 20),
    "MFA_TRUST_COOKIE_HTTPONLY": (134, False),
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION": (140, True),
    "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": (141, True),
    "SOCIALACCOUNT_LOGIN_ON_GET": (142, True),
    "SOCIALACCOUNT_REAUTHENTICATION_REQUIRED": (143, False),
    "SOCIALACCOUNT_EMAIL_VERIFICATION": (144, "none"),
    "SOCIALACCOUNT_STORE_TOKENS": (145, True),
    "ACCOUNT_ADAPTER": (150, STOCK.format("account", "Account")),
    "MFA_ADAPTER": (151, STOCK.format("mfa", "MFA")),
    "SOCIALACCOUNT_ADAPTER": (152, STOCK.format("socialaccount", "SocialAccount")),
    "USERSESSIONS_ADAPTER": (153, STOCK.format("usersessions", "UserSessions")),
    "HEADLESS_TOKEN_STRATEGY": (
        154,
        "allauth.headless.tokens.strategies.jwt.strategy.JWTTokenStrategy",
    ),
    "ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR": (
        155,
        "allauth.account.forms.EmailAwarePasswordResetTokenGenerator",
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_setting_is_an_error_with_a_way_out(settings, name):
    number, value = UNSAFE[name]
    # MFA refuses its bypass code outside DEBUG by an exception of its own.
    settings.DEBUG = True
    setattr(settings, name, value)
    error = found()[f"authsite.E{number:03}"]
    assert name in error.msg
    assert error.hint
    with pytest.raises(SystemCheckError, match=error.id):
        call_command("check")


@pytest.mark.parametrize(
    "told",
    [
        {"EMAIL_AUTHENTICATION": True},
        {"EMAIL_AUTHENTICATION_AUTO_CONNECT": True},
        {"VERIFIED_EMAIL": ["example.org"]},
        {"APPS": [{"client_id": "a", "settings": {"email_authentication": True}}]},
        {"APPS": [{"client_id": "a", "settings": {"verified_email": True}}]},
    ],
)
def test_trust_in_a_providers_addresses_is_an_error(settings, told):
    ours = settings.SOCIALACCOUNT_PROVIDERS
    settings.SOCIALACCOUNT_PROVIDERS = {**ours, "google": {**ours["google"], **told}}
    assert "google" in found()["authsite.E146"].msg


@pytest.mark.parametrize(
    "name", ["hijack", "loginas", "impersonate", "sesame", "knox", "dj_rest_auth"]
)
def test_an_app_that_signs_in_by_itself_is_an_error(monkeypatch, name):
    # Not installed here: its label and name are all that the check knows.
    fake = AppConfig(name, types.SimpleNamespace(__path__=["/nowhere"]))
    monkeypatch.setitem(apps.app_configs, name, fake)
    error = found()["authsite.E160"]
    assert error.msg == f"{name} is in INSTALLED_APPS."
    assert "perform_login" in error.hint


NEEDED = [
    "authsite.door.ApiDoor",
    "authsite.bounds.BoundsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.policy.session_lifetime.SessionLifetimeMiddleware",
    "accounts.policy.enrolment.EnrolmentMiddleware",
]


@pytest.mark.parametrize("gone", NEEDED)
def test_a_middleware_that_is_missing_is_an_error(settings, gone):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != gone]
    assert gone in found()["authsite.E161"].msg


@pytest.mark.parametrize("late", [NEEDED[3], NEEDED[5]])
def test_a_middleware_out_of_order_is_an_error(settings, late):
    rest = [one for one in settings.MIDDLEWARE if one != late]
    settings.MIDDLEWARE = [*rest, late]
    assert "authsite.E162" in found()


@pytest.mark.parametrize(
    "path",
    [
        f"{__name__}.as_another",
        "django.contrib.auth.middleware.RemoteUserMiddleware",
        f"{__name__}.{PersistentRemoteUserMiddleware.__name__}",
    ],
)
def test_a_middleware_that_sets_request_user_is_an_error(settings, path):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, path]
    assert path in found()["authsite.E163"].msg


@pytest.fixture
def api_settings(settings):
    def change(**values):
        settings.REST_FRAMEWORK = {**site_settings.REST_FRAMEWORK, **values}
        reload_api_settings(setting="REST_FRAMEWORK")

    yield change
    reload_api_settings(setting="REST_FRAMEWORK")


def test_another_authentication_class_by_default_is_an_error(api_settings):
    path = f"{TokenAuthentication.__module__}.{TokenAuthentication.__qualname__}"
    api_settings(DEFAULT_AUTHENTICATION_CLASSES=[path])
    assert path in found()["authsite.E164"].msg


def test_an_api_that_is_open_by_default_is_an_error(api_settings):
    api_settings(DEFAULT_PERMISSION_CLASSES=["rest_framework.permissions.AllowAny"])
    assert "authsite.E165" in found()


def test_subclasses_of_ours_are_fine(settings):
    settings.ACCOUNT_ADAPTER = f"{__name__}.OurAdapter"
    ours = "accounts.policy.session_lifetime.SessionLifetimeMiddleware"
    settings.MIDDLEWARE = [
        f"{__name__}.OurLifetime" if one == ours else one for one in settings.MIDDLEWARE
    ]
    assert found() == {}
