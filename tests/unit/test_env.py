"""The environment: typed, loud, secrets from files, every variable documented."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from authsite import checks_deployed, rate_limits
from authsite.audiences import audiences
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
        ("ALLOWED_HOSTS", "https://id.example.com"),
        ("HOST", "0.0.0.0:8000"),
        ("KEEPALIVE_SECONDS", "0"),
        ("MAX_STREAMS", "0"),
        ("SITE_URL", "id.example.com"),
        ("SITE_URL", "https://id.example.com/path"),
        ("SITE_URL", "https://user:secretpw@id.example.com/"),
        ("DATABASE_URL", "secretpw"),
        ("CACHE_URL", "secretpw://x"),
        ("CACHE_URL", "memcache://:secretpw@h:11211"),
        ("EMAIL_URL", "secretpw"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ACCESS_MINUTES", "1.5"),
        ("RATE_LIMITS", "logins=1/m/ip"),
        ("RATE_LIMITS", "login=banana"),
        ("RATE_LIMITS", "login=60/min/ip"),
        ("RATE_LIMITS", "login=60/m/user"),
        ("RATE_LIMITS", "login_failed=10/m/ip;5/m/key"),
        ("RATE_LIMITS", "login_failed=10/0m/ip,5/0s/key;login=30/0m/ip"),
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
    assert "Traceback" not in output


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


@pytest.mark.parametrize(
    ("name", "most", "before"),
    [
        ("JWT_ISSUER", 160, ""),
        ("JWT_AUDIENCE", 176, ""),
        ("JWT_AUDIENCES", 176, "orders,"),
    ],
)
def test_names_that_make_tokens_too_long_are_a_check_error(name, most, before):
    longest = before + "https://".ljust(most, "x")
    assert start(**{name: longest})[0] == 0
    code, output = start(**{name: f"{longest}x"})
    assert code
    assert "authsite.E013" in output
    assert f"{name} has more than {most} bytes" in output


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


def deployed(**changes):
    """What `check --deploy` says with these variables, and its exit code."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT, env={**BASE, "TRUSTED_PROXY_COUNT": "1", **changes},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return set(re.findall(r"authsite\.\w+", done.stderr)), done.returncode


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"DEBUG": "true"}, {"E010"}),
        ({"SITE_URL": "http://id.example.com"}, {"E011", "W002"}),
        ({"SITE_URL": "http://localhost", "TRUSTED_PROXY_COUNT": "0"},
         {"W001", "W002"}),
        ({"SITE_URL": "http://[::1]:8000", "TRUSTED_PROXY_COUNT": "0"},
         {"W001", "W002"}),
        ({"TRUSTED_PROXY_COUNT": "0"}, {"E012"}),
        ({"RATE_LIMITS": "login_failed=", "ALLOWED_HOSTS": "*"}, {"W004", "W005"}),
        ({"ALLOWED_HOSTS": "other.example.com"}, {"W006"}),
    ],
)  # fmt: skip
def test_a_deployment_is_warned_or_refused(changes, found):
    ids, code = deployed(**changes)
    assert ids == {f"authsite.{each}" for each in found}
    assert bool(code) is any(each.startswith("E") for each in found)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("http://192.168.1.5:8000", True),
        ("http://localhost.example.com", True),
        ("http://[2001:db8::1]", True),
        ("http://id.localhost", False),
        ("http://127.0.0.9", False),
        ("http://[::1]:8000", False),
        ("http://[::ffff:127.0.0.1]", False),
    ],
)
def test_http_is_for_this_machine_only(settings, url, public):
    settings.SITE_URL = url
    ids = {message.id for message in checks_deployed.production()}
    assert ids == ({"authsite.E011"} if public else set())


@pytest.mark.parametrize(
    ("host", "allowed", "served"),
    [
        ("id.example.com", [".example.com"], True),
        ("::1", ["[::1]"], True),
        ("id.example.com", ["example.com", "[::1]"], False),
    ],
)
def test_the_sites_own_host_must_be_served(settings, host, allowed, served):
    settings.SITE_HOST, settings.ALLOWED_HOSTS = host, allowed
    ids = {message.id for message in checks_deployed.hosts(None)}
    assert ids == (set() if served else {"authsite.W006"})


@pytest.mark.parametrize(
    "limit",
    ["0/m/ip", "00/m/ip", "9/0m/ip", "9/0s/key", "9/0.0h/ip", "9/000d", "9/.0s/ip",
     "9/0.5s/ip", "9/0.01m/ip", "9/m/ip,9/0s/key", "0/0s", "9/367d/ip",
     "9/9999999999d/ip", "9999999999/m/ip", ",", "9/m/ip,"],
)  # fmt: skip
def test_a_limit_that_limits_nothing_or_everything_is_refused(limit):
    table = {"login_failed": "10/m/ip,5/300s/key"}
    with pytest.raises(ImproperlyConfigured) as refused:
        rate_limits.change(f"login_failed={limit}", table)
    assert str(refused.value).startswith("RATE_LIMITS: ")
    assert "\n" not in str(refused.value)
    assert table == {"login_failed": "10/m/ip,5/300s/key"}


@pytest.mark.parametrize(
    "limit", ["1/s", "1/1s/ip", "9/1.5m/key", "9/0.5m/ip", "9/366d/ip", "09/010s"]
)
def test_the_shortest_and_longest_limits_are_taken(limit):
    table = {"login_failed": "10/m/ip,5/300s/key"}
    assert rate_limits.change(f"login_failed={limit}", table) == []
    assert table == {"login_failed": limit}


@pytest.mark.parametrize(
    ("written", "off"),
    [
        ("login=;login=60/m/ip", []),
        ("login=60/m/ip;login=", ["login"]),
        ("login= ;login", ["login"]),
        ("code=5/m/ip;code=", []),
    ],
)
def test_what_is_off_is_decided_by_the_limits_in_the_end(written, off):
    assert rate_limits.change(written, {"login": "30/m/ip", "code": ""}) == off


def test_limits_that_are_switched_off_are_known():
    first = {"login": "30/m/ip", "code": ""}
    second = {"passkey": "9/m/ip", "key": "5/m/key"}
    off = rate_limits.change("passkey=; login=60/m/ip;code=;key=", first, second)
    assert off == ["passkey", "key"]
    assert first == {"login": "60/m/ip", "code": ""}


@pytest.mark.parametrize(
    ("getter", "value"),
    [
        *(("number", text) for text in ("9" * 5000, "-1", "1.5", "\u0665")),
        *(("address", text) for text in ("127.0.0.1:8000", "[::1]", "fe80::1%eth0")),
        *(("hosts", text) for text in ("id.example.com:443", "id.example.com/")),
        *(("hosts", text) for text in ("id.example.com.", "a.example, ::1", "*.a.b")),
        *(
            ("origin", text)
            for text in (
                *("https://id.example.com.", "https://id_x.example.com"),
                *("https://id.example.com:99999", "https://id.example.com:0"),
                *("https://*.example.com", "https://.example.com", "http://127.1"),
                *(
                    "http://0x7f.1",
                    "https://id.example.com?x",
                    "https://a b",
                    "https://",
                ),
            )
        ),
    ],
)
def test_a_getter_refuses_what_could_never_work(monkeypatch, getter, value):
    monkeypatch.setenv("SOME_NAME", value)
    default = {"number": 1, "address": "127.0.0.1", "hosts": (), "origin": ""}[getter]
    with pytest.raises(ImproperlyConfigured, match="SOME_NAME: write "):
        getattr(Env(), getter)("SOME_NAME", default)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://ID.Example.com", "https://id.example.com"),
        ("HTTPS://id.example.com:443/", "https://id.example.com"),
        ("http://localhost:80", "http://localhost"),
        ("https://id.example.com:8443", "https://id.example.com:8443"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
        ("https://3com.example", "https://3com.example"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(monkeypatch, written, meant):
    monkeypatch.setenv("SOME_ORIGIN", written)
    assert Env().origin("SOME_ORIGIN") == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("::ffff:127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::0", "::")],
)
def test_an_address_is_written_in_its_one_form(monkeypatch, written, meant):
    monkeypatch.setenv("SOME_ADDRESS", written)
    assert Env().address("SOME_ADDRESS", "127.0.0.1") == meant


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


BOTH = {"JWT_AUDIENCE": "https://a.example", "JWT_AUDIENCES": "https://a.example"}
ISSUER = {"JWT_ISSUER": "https://tokens.example"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (BOTH, "JWT_AUDIENCE: set it or JWT_AUDIENCES, not both"),
        ({"JWT_AUDIENCE": "https://a.example,b"}, "JWT_AUDIENCE: write several"),
        ({"JWT_AUDIENCES": " , "}, "JWT_AUDIENCES: write audiences with commas"),
        (
            {"JWT_AUDIENCE": "https://id.example.com/account"},
            "JWT_AUDIENCE: JWT_ISSUER",
        ),
        ({"JWT_AUDIENCES": "a,https://id.example.com/admin"}, "JWT_AUDIENCES: JWT_ISS"),
        (
            {"JWT_AUDIENCES": "https://tokens.example/account", **ISSUER},
            "JWT_AUDIENCES",
        ),
    ],
)
def test_audiences_that_cannot_be_stop_the_start(changes, line):
    code, output = start(**changes)
    assert code
    assert line in output.splitlines()[-1]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({}, ("https://id.example.com",)),
        ({"JWT_AUDIENCE": "orders"}, ("orders",)),
        ({"JWT_AUDIENCES": "a"}, ("a",)),
        ({"JWT_AUDIENCES": " b , a,b,"}, ("b", "a")),
        # Reserved is what follows the issuer, and nothing else.
        (
            {"JWT_AUDIENCES": "https://other.example/admin"},
            ("https://other.example/admin",),
        ),
    ],
)
def test_the_first_audience_is_our_own(monkeypatch, written, found):
    monkeypatch.setenv("ENV_FILE", "")
    for name in ("JWT_AUDIENCE", "JWT_AUDIENCES"):
        monkeypatch.setenv(name, written.get(name, ""))
    site = "https://id.example.com"
    assert audiences(Env(), site, site) == found
