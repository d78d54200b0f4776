"""The environment: typed, loud, secrets from files, every variable documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from authsite.env import Env, env

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "ENV_FILE": "",
    "AUTH_SECRET": "x" * 64,
    "SITE_URL": "https://id.example.com",
    "EMAIL_URL": "smtp+tls://user:pa55word@mail.example.com:587",
    "DATABASE_URL": "sqlite://:memory:",
}


def start(**changes):
    """Set Django up in a fresh process with these variables; returns (code, output)."""
    variables = {**BASE, **changes}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_these_variables_are_enough():
    code, output = start()
    assert code == 0, output


@pytest.mark.parametrize("name", ["AUTH_SECRET", "SITE_URL", "EMAIL_URL"])
def test_a_missing_one_stops_the_start_with_its_name(name):
    code, output = start(**{name: None})
    assert code
    assert f"{name}: is missing" in output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("PORT", "0"),
        ("PORT", "http"),
        ("HOST", "localhost"),
        ("HOST", "0.0.0.0:8000"),
        ("KEEPALIVE_SECONDS", "0"),
        ("MAX_STREAMS", "0"),
        ("SITE_URL", "id.example.com"),
        ("SITE_URL", "https://id.example.com/path"),
        ("SITE_URL", "https://user:secretpw@id.example.com/"),
        ("DATABASE_URL", "secretpw"),
        ("CACHE_URL", "secretpw://x"),
        ("EMAIL_URL", "secretpw"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ACCESS_MINUTES", "1.5"),
        ("RATE_LIMITS", "logins=1/m/ip"),
        ("RATE_LIMITS", "login=banana"),
        ("RATE_LIMITS", "login=60/min/ip"),
        ("RATE_LIMITS", "login=60/m/user"),
        ("RATE_LIMITS", "login_failed=10/m/ip;5/m/key"),
        ("BRAND_SECURITY_CONTACT", "security@example.com"),
        ("GOOGLE_CLIENT_ID", "only-one-of-two"),
        ("GITHUB_CLIENT_SECRET", "secretpw"),
        ("OIDC_CLIENT_SECRET", "secretpw"),
        ("GOOGLE_BASE_URL", "http://localhost:9"),
        ("GITHUB_BASE_URL", "https://github.example.com"),
        ("OIDC_FORM_ORIGINS", "https://a.example;script-src"),
        ("BRAND_ACCENT", "petrol"),
        ("BRAND_ACCENT", "#e0457b"),
        ("BRAND_ACCENT_DARK", "#12345"),
        ("BRAND_LOGO", "/does/not/exist.svg"),
        ("BRAND_LOGO", "manage.py"),
        ("BRAND_SUPPORT_EMAIL", "help"),
        ("BRAND_TERMS_URL", "javascript:alert(1)"),
        ("BRAND_PRIVACY_URL", "/privacy"),
        ("LOG_FORMAT", "xml"),
        ("AUTH_SECRET_FILE", "/does/not/exist"),
    ],
)
def test_a_bad_one_stops_the_start_with_its_name_and_not_its_value(name, value):
    changes = {name: value}
    if name.endswith("_FILE"):
        changes[name.removesuffix("_FILE")] = None
    code, output = start(**changes)
    assert code, output
    assert name in output
    assert "secretpw" not in output


GOOGLE = {"GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secretpw"}
GITHUB = {"GITHUB_CLIENT_ID": "id", "GITHUB_CLIENT_SECRET": "secretpw"}
OIDC = {
    "OIDC_NAME": "Example",
    "OIDC_SERVER_URL": "https://login.example.com/realm",
    "OIDC_CLIENT_ID": "id",
    "OIDC_CLIENT_SECRET": "secretpw",
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({**GOOGLE, "GOOGLE_BASE_URL": "http://127.0.0.1:9"}, "GOOGLE_BASE_URL"),
        ({**GOOGLE, "GOOGLE_BASE_URL": "https://id.example.com"}, "GOOGLE_BASE_URL"),
        ({**GITHUB, "GITHUB_BASE_URL": "http://127.0.0.1:9"}, "GITHUB_BASE_URL"),
        ({**GITHUB, "GITHUB_BASE_URL": "https://a b"}, "GITHUB_BASE_URL"),
        ({**OIDC, "OIDC_SERVER_URL": "http://login.example.com"}, "OIDC_SERVER_URL"),
        ({**OIDC, "OIDC_SERVER_URL": "login.example.com"}, "OIDC_SERVER_URL"),
        ({**OIDC, "OIDC_NAME": ""}, "OIDC_NAME"),
        ({**OIDC, "OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET: is missing"),
        ({**GOOGLE, "GOOGLE_CLIENT_SECRET": ""}, "GOOGLE_CLIENT_SECRET: is missing"),
    ],
)
def test_a_provider_that_is_half_configured_or_unsafe_stops_the_start(changes, name):
    code, output = start(**changes)
    assert code
    assert name in output
    assert "secretpw" not in output


def test_the_page_may_send_forms_to_each_provider_and_nowhere_else():
    code = (
        "from django.conf import settings;"
        "print(*settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])"
    )

    def form_action(**changes):
        done = subprocess.run(
            [
                *(sys.executable, "manage.py", "shell", "--no-imports", "-v0", "-c"),
                code,
            ],
            cwd=ROOT, env={**BASE, **changes}, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        return done.stdout.split()

    google, github = "https://accounts.google.com", "https://github.com"
    assert form_action() == ["'self'"]
    assert form_action(**GOOGLE, **GITHUB) == ["'self'", google, github]
    own = {**GITHUB, "GITHUB_BASE_URL": "https://github.example.com/"}
    more = {**OIDC, "OIDC_FORM_ORIGINS": "https://a.example, https://b.example"}
    assert form_action(**own, **more) == [
        *("'self'", "https://github.example.com", "https://login.example.com"),
        *("https://a.example", "https://b.example"),
    ]


def test_a_short_secret_is_a_check_error():
    code, output = start(AUTH_SECRET="short")
    assert code
    assert "authsite.E001" in output
    assert "secrets.token_urlsafe" in output


@pytest.mark.parametrize("name", ["Acme, Inc.", "A: B; <C>", 'The "best" @ it'])
def test_mail_can_be_sent_whatever_the_brand_is_called(name):
    asked = (
        "from django.conf import settings; from email.utils import parseaddr; "
        "print(parseaddr(settings.DEFAULT_FROM_EMAIL))"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", asked],
        cwd=ROOT,
        env={**BASE, "BRAND_NAME": name},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str((name, "no-reply@id.example.com"))


def test_several_processes_need_a_shared_cache():
    code, output = start(WEB_CONCURRENCY="2")
    assert code
    assert "authsite.E006" in output
    assert start(WEB_CONCURRENCY="2", CACHE_URL="redis://localhost:6379/0")[0] == 0


def test_https_without_a_trusted_proxy_and_an_http_issuer_are_warned_of():
    def check(**more):
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy"],
            cwd=ROOT, env={**BASE, **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stderr

    bad, good = check(JWT_ISSUER="http://a.example"), check(TRUSTED_PROXY_COUNT="1")
    assert "authsite.W003" in bad
    assert "authsite.W003" not in good
    assert "authsite.W002" in bad
    assert "authsite.W002" not in good


def test_a_secret_can_stand_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("y" * 64 + "\n")
    code, output = start(AUTH_SECRET=None, AUTH_SECRET_FILE=str(file))
    assert code == 0, output


def test_every_variable_is_in_the_example_and_the_other_way_round():
    text = (ROOT / ".env.example").read_text()
    documented = set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    assert documented == env.names


def test_only_env_py_reads_the_environment():
    for file in [
        *(ROOT / "accounts").rglob("*.py"),
        *(ROOT / "authsite").rglob("*.py"),
    ]:
        if file.name != "env.py":
            text = file.read_text()
            assert "os.environ" not in text, file
            assert "getenv" not in text, file


@pytest.mark.parametrize("text", ["1", "TRUE", "yes", "On"])
def test_booleans(monkeypatch, text):
    monkeypatch.setenv("SOME_SWITCH", text)
    assert Env().boolean("SOME_SWITCH", default=False) is True


def test_numbers_have_bounds(monkeypatch):
    monkeypatch.setenv("SOME_NUMBER", "\u0665")  # an Arabic five
    with pytest.raises(ImproperlyConfigured, match="SOME_NUMBER"):
        Env().number("SOME_NUMBER", 1)


def test_every_cookie_is_bound_to_the_host_over_https():
    code = (
        "from authsite import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DEVICE_COOKIE_NAME,"
        " s.MFA_TRUST_COOKIE_NAME)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=BASE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [name[:7] for name in done.stdout.split()] == ["__Host-"] * 4
