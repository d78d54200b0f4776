"""Every setting, in sections. Behaviour differs by environment values alone."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from accounts.policy.development import is_loopback
from authsite import rate_limits
from authsite.audiences import audiences
from authsite.development import site_url
from authsite.env import BASE_DIR, env, wrong
from authsite.logs import logging_config
from authsite.origins import bracketed
from authsite.social import providers_from_environment

# 1. What this site is -----------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=False)
HOST = env.address("HOST", "127.0.0.1")
# In DEBUG: whether the mailbox and demo providers answer other machines too.
DEBUG_FOR_OTHERS = DEBUG and not is_loopback(HOST)
PORT = env.number("PORT", 8000, least=1, most=65535)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 1, least=1, most=256)
# How long a connection may be silent, idle or in the middle of its headers: longer than
# the proxy keeps an idle one, or the proxy sends a request into one that is closing.
KEEPALIVE_SECONDS = env.number("KEEPALIVE_SECONDS", 75, least=1, most=3600)
MAX_STREAMS = env.number("MAX_STREAMS", 64, least=1, most=1000)  # in each process
STALL_SECONDS = 60  # that a client may leave an answer unread before it is cut off
SITE_URL = env.origin("SITE_URL", site_url(HOST, PORT) if DEBUG else "")
if not SITE_URL:
    raise wrong(
        "SITE_URL",
        "is missing: the address people see, such as https://id.example.com "
        "(for development, make run sets everything up)",
    )
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")

BRAND_NAME = env.text("BRAND_NAME", "Authsite")
# One colour for light and one for dark; the four tokens that follow them are derived.
BRAND_ACCENT = env.colour("BRAND_ACCENT")
BRAND_ACCENT_DARK = env.colour("BRAND_ACCENT_DARK")
BRAND_LOGO = env.file("BRAND_LOGO", (".svg", ".png"))
BRAND_SUPPORT_EMAIL = env.mailbox("BRAND_SUPPORT_EMAIL")
BRAND_TERMS_URL = env.link("BRAND_TERMS_URL")
BRAND_PRIVACY_URL = env.link("BRAND_PRIVACY_URL")
# Whom to tell of a hole, as a URI: an address to write to, or a page.
BRAND_SECURITY_CONTACT = env.text(
    "BRAND_SECURITY_CONTACT",
    f"mailto:{BRAND_SUPPORT_EMAIL}" if BRAND_SUPPORT_EMAIL else f"{SITE_URL}/",
)
if not BRAND_SECURITY_CONTACT.startswith(("mailto:", "tel:", "https://", "http://")):
    raise wrong("BRAND_SECURITY_CONTACT", "write mailto:… or an address of a page")

# 2. Secrets ---------------------------------------------------------------------
SECRET_KEY = env.text("AUTH_SECRET")
if not SECRET_KEY:
    raise wrong(
        "AUTH_SECRET",
        "is missing. Make one with: python -c "
        "'import secrets; print(secrets.token_urlsafe(48))'",
    )
SECRET_KEY_FALLBACKS = env.items("AUTH_SECRET_FALLBACKS")

# 3. Hosts and proxies -----------------------------------------------------------
_served = [SITE_HOST, "localhost", "127.0.0.1", "::1", HOST] if DEBUG else [SITE_HOST]
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", tuple(map(bracketed, _served)))
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", (SITE_URL,))
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0, most=10)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 64
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "x-csrftoken",
    "x-email-verification-key",
    "x-password-reset-key",
    "x-session-token",
)

# 4. The house -------------------------------------------------------------------
ROOT_URLCONF = "authsite.urls"
WSGI_APPLICATION = "authsite.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "authsite.apps.AuthsiteConfig",
    "accounts.apps.AccountsConfig",
    "accounts.admin_apps.PolicyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "authsite.apps.StaticConfig",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    # After allauth's, whose receivers the policy puts right.
    "accounts.policy.apps.PolicyConfig",
    "accounts.tokens.apps.TokensConfig",
    "accounts.audit.apps.AuditConfig",
    "corsheaders",
    "csp",
    "django_structlog",
    "django_tasks",
    "django_tasks_db",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "authsite.request_ids.RequestIDMiddleware",
    "authsite.wellknown.HealthMiddleware",
    # The API leaves here, straight to its view: nothing below serves it, but for
    # /api/token/session/ (see authsite/door.py for what the door does instead).
    "authsite.door.ApiDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    # Before whatever may answer with an error page: that one has a language too.
    "accounts.pages.language.BrowserLanguageMiddleware",
    "authsite.bounds.BoundsMiddleware",
    "accounts.policy.pace.PaceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.policy.session_lifetime.SessionLifetimeMiddleware",
    # After it, so that the person is the one who stays signed in.
    "accounts.pages.language.ProfileLanguageMiddleware",
    "accounts.policy.enrolment.EnrolmentMiddleware",
]
# It would log the address that the client claims; authsite.logs adds the one we count.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# It would take the request ID that the client sends for ours.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_CORRELATION_ID = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# 5. Database --------------------------------------------------------------------
ATOMIC_REQUESTS = False  # a refused refresh must still commit its revocation
DATABASE_POOL = env.number("DATABASE_POOL", 0, most=1000)
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR}/var/db.sqlite3"),
}
_database = DATABASES["default"]
_database.setdefault("OPTIONS", {})
if _database["ENGINE"].endswith("sqlite3"):
    (BASE_DIR / "var").mkdir(exist_ok=True)
    # IMMEDIATE: a transaction takes the write lock when it begins, so that two
    # writers wait for each other instead of failing half-way.
    _database["OPTIONS"] |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASE_POOL:
    _database["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": DATABASE_POOL,
        "timeout": 2,
    }
else:
    _database |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    _database["OPTIONS"].setdefault("connect_timeout", 2)

# 6. Cache (limits, one-time codes) ----------------------------------------------
CACHE_FALLBACK_TABLE = "cache_fallback"
_cache = env.cache("CACHE_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Where limits are counted while the shared cache does not answer.
    "fallback": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": CACHE_FALLBACK_TABLE,
    },
}
if _cache:
    CACHES["default"] = _cache | {
        "BACKEND": "accounts.policy.cache.FallbackRedisCache",
        "OPTIONS": {
            # Options in the URL win over these.
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
            "serializer": "accounts.policy.json_cache.JSONSerializer",
        },
    }

# 7. Sessions and cookies --------------------------------------------------------
# In the database: a cache that fails must sign nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_REMEMBERED = timedelta(days=30)
SESSION_ABSOLUTE = timedelta(days=90)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if HTTPS:  # browsers refuse the prefix over http
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# What a browser chose before anybody signed in; the profile's language wins over it.
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "authsite.errors.csrf_failure"

# 8. Headers ---------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A browser follows a form's redirects under form-action too, so the providers'
# own sign-in pages must be named while their buttons are shown.
_FORM_ACTION = [SELF]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": _FORM_ACTION,
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
    "publickey-credentials-create": ["self"],
    "publickey-credentials-get": ["self"],
}
# Bodies have one limit, the view's (authsite/bounds.py), before anything reads them.
DATA_UPLOAD_MAX_MEMORY_SIZE = None

# 9. Passwords -------------------------------------------------------------------
# Django's own hashers must not be here: they have the same names in a hash, and the
# later one of a name verifies. Ours read their hashes, whatever their parameters.
PASSWORD_HASHERS = [
    "accounts.policy.hashing.PolicyPasswordHasher",
    "accounts.policy.hashing.PolicyPBKDF2Hasher",
    "accounts.policy.hashing.PolicyScryptHasher",
]
_VALIDATION = "accounts.policy.passwords"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": f"{_VALIDATION}.MaximumLengthValidator"},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": f"{_VALIDATION}.BrandNameValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())

# 10. The one way in -------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["accounts.policy.backend.PolicyBackend"]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("dashboard")
STAFF_MFA_REQUIRED = env.boolean("STAFF_MFA_REQUIRED", default=not DEBUG)
LOGIN_BY_CODE = env.boolean("LOGIN_BY_CODE", default=False)
# How long a person can keep an account that they asked to close: longer than a link
# works by which its owner says that it was somebody else.
ACCOUNT_CLOSING_GRACE = timedelta(
    days=env.number("CLOSING_GRACE_DAYS", 14, least=8, most=365)
)
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
LAST_USED_COOKIE_NAME = "__Host-last-used" if HTTPS else "last-used"

ACCOUNT_ADAPTER = "accounts.policy.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_ENABLED = env.boolean("SIGNUP_OPEN", default=True)
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
# Digits, so that a phone shows its number pad: 26 bits, five tries.
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": True, "length": 8}
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600  # ASVS 6.5.5: at most 10 minutes
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = LOGIN_BY_CODE
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# "code" is for people without the other two: see accounts.policy.reauthentication.
ACCOUNT_REAUTHENTICATION_METHODS = {"password", "mfa", "code"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = None  # ask
ACCOUNT_SESSION_COOKIE_AGE = int(SESSION_REMEMBERED.total_seconds())
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.policy.reset_tokens.ResetTokens"  # noqa: S105
ACCOUNT_FORMS = {
    "login": "accounts.pages.forms.LoginForm",
    "signup": "accounts.pages.forms.SignupForm",
    "add_email": "accounts.pages.forms.AddEmailForm",
    "reset_password": "accounts.pages.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.pages.forms.ResetPasswordKeyForm",
    "change_password": "accounts.pages.forms.ChangePasswordForm",
    "set_password": "accounts.pages.forms.SetPasswordForm",
    "reauthenticate": "accounts.pages.forms.ReauthenticateForm",
    "confirm_email_verification_code": (
        "accounts.pages.code_forms.ConfirmEmailVerificationCodeForm"
    ),
    "request_login_code": "accounts.pages.code_forms.RequestLoginCodeForm",
    "confirm_login_code": "accounts.pages.code_forms.ConfirmLoginCodeForm",
    "confirm_reauthentication_code": (
        "accounts.pages.code_forms.ConfirmReauthenticationCodeForm"
    ),
}
MFA_ADAPTER = "accounts.policy.mfa_adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.pages.forms.AuthenticateForm",
    "reauthenticate": "accounts.pages.forms.MFAReauthenticateForm",
    "activate_totp": "accounts.pages.forms.ActivateTOTPForm",
    **{
        f"{_step}_webauthn": f"accounts.pages.passkey_forms.{_step.title()}WebAuthnForm"
        for _step in (
            "login",
            "signup",
            "add",
            "edit",
            "authenticate",
            "reauthenticate",
        )
    },
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
# Of security keys as second step. A passkey alone always has to verify its person.
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
MFA_TOTP_ISSUER = BRAND_NAME
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TRUST_ENABLED = True
MFA_TRUST_COOKIE_AGE = timedelta(days=14)
MFA_TRUST_COOKIE_NAME = "__Host-trusted" if HTTPS else "trusted"
SOCIALACCOUNT_ADAPTER = "accounts.policy.social_adapter.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_FORMS = {
    "signup": "accounts.pages.forms.SocialSignupForm",
    "disconnect": "accounts.pages.connections.DisconnectForm",
}
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds that a provider may be silent
SOCIALACCOUNT_PROVIDERS, _origins = providers_from_environment(debug=DEBUG)
_FORM_ACTION.extend(_origins)
USERSESSIONS_ADAPTER = "accounts.policy.sessions_adapter.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = False  # accounts.policy.sessions does it, less often

HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.strategy.FamilyTokenStrategy"  # noqa: S105
HEADLESS_SERVE_SPECIFICATION = False

# One set of limits for form and API. RATE_LIMITS changes single ones, written
# action=limits;action=limits, e.g. "login=60/m/ip;login_failed=10/m/ip,5/5m/key".
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    "signup": "20/m/ip",
    # One sign-in by a provider counts twice: when it begins and when it comes back.
    "provider": "60/m/ip",
    # Requests for an email that anybody can trigger: links and codes. By network
    # address alone: counted by email address, strangers could keep its owner out.
    "reset_password": "20/m/ip",
    # The emails themselves, to one address (accounts/policy/email_bounds.py).
    "email": "5/h/key,20/d/key",
    "request_login_code": "",  # counted as reset_password
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
    "confirm_email": "30/m/ip",
    "token_refresh": "120/m/ip",
    "token_session": "20/m/user",
    "passkey_options": "120/m/ip",
    # Presses on what a mailed link shows: "this was not me", "keep my account".
    "mail_link": "20/m/ip",
    "closing_mail": "1/10m/key",
    "export": "5/h/user",
    # Codes for the removal of second steps that cannot be used.
    "factor_removal": "20/h/ip,5/h/key",
}
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
RATE_LIMITS_OFF = rate_limits.change(
    env.text("RATE_LIMITS"), ACCOUNT_RATE_LIMITS, MFA_RATE_LIMITS
)

# 11. Tokens ---------------------------------------------------------------------
JWT_ALGORITHM = env.choice(
    "JWT_ALGORITHM", "ES256", ("ES256", "EdDSA", "RS256", "HS256")
)
# For services that can only share a secret. Whoever holds it can make access tokens.
JWT_SHARED_SECRET = env.text("JWT_SHARED_SECRET")
if (JWT_ALGORITHM == "HS256") != bool(JWT_SHARED_SECRET):
    raise wrong("JWT_SHARED_SECRET", "goes with JWT_ALGORITHM=HS256: set both or none")
JWT_ISSUER = env.text("JWT_ISSUER", SITE_URL)
# The first is our own API; the others are services that ask for tokens of their own.
JWT_AUDIENCES = audiences(env, JWT_ISSUER, SITE_URL)
JWT_ACCESS_LIFETIME = timedelta(
    minutes=env.number("JWT_ACCESS_MINUTES", 5, least=1, most=60)
)
JWT_REFRESH_LIFETIME = timedelta(
    days=env.number("JWT_REFRESH_DAYS", 14, least=1, most=90)
)
JWT_REUSE_GRACE = timedelta(seconds=10)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": JWT_ACCESS_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": JWT_REFRESH_LIFETIME,
    "ALGORITHM": JWT_ALGORITHM,
    "SIGNING_KEY": "",  # the key ring signs, never a key from settings
    "ISSUER": JWT_ISSUER,
    "AUDIENCE": JWT_AUDIENCES[0],
    "USER_ID_CLAIM": "sub",
    "AUTH_TOKEN_CLASSES": ("accounts.tokens.classes.AccessToken",),
}
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.tokens.authentication.BearerAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["accounts.api.negotiation.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.negotiation.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": f"{BRAND_NAME} API",
    "DESCRIPTION": (
        "JSON in UTF-8 in and out. Every error is `application/problem+json` "
        "(RFC 9457) with a stable `code`. Text holds neither NUL nor lone surrogates, "
        "no object repeats a name, JSON nests at most 16 deep, integers fit into 64 "
        "bits, other numbers are finite, and members that a call does not know are "
        "ignored. Sessions are accepted by "
        "`/api/token/session/` alone; elsewhere send "
        "`Authorization: Bearer <access token>`."
    ),
    "VERSION": "1",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "TAGS": [
        {"name": "Signing in", "description": "By password, then by a second step."},
        {"name": "Tokens", "description": "Renewed, asked about, ended."},
        {"name": "The person", "description": "Calls that an access token opens."},
        {
            "name": "For other services",
            "description": "All that a service needs to verify tokens by itself.",
        },
    ],
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.api.openapi.finish",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# 12. Mail and other work outside the request ------------------------------------
MAIL_FOLDER = BASE_DIR / "var" / "mail"
_email = env.email("EMAIL_URL", f"filemail:///{MAIL_FOLDER}" if DEBUG else "")
if not _email:
    raise wrong("EMAIL_URL", "is missing: smtp+tls://user:password@mail.example:587")
EMAIL_BACKEND = _email.get("EMAIL_BACKEND", "")
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = "/" + str(_email.get("EMAIL_FILE_PATH", "")).lstrip("/")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", formataddr((BRAND_NAME, f"no-reply@{SITE_HOST}"))
)
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["default"],
    },
}

# 13. Files, language, time, logs ------------------------------------------------
STATIC_URL = "/static/"
# Where `make serve` collects them.
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "var" / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "authsite.static_files.Storage",
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    *("jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2"),
    "map",  # large, and asked for by open developer tools alone
)
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each in its own words
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "authsite.formats"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = logging_config(
    level=env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    form=env.choice("LOG_FORMAT", "console" if DEBUG else "json", ("json", "console")),
)
