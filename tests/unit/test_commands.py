"""demo, doctor, and the launcher."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.urls import clear_url_caches

from accounts.models import User
from authsite import launch, social, supervise
from authsite import standins as standins_offer
from tests.fixtures import enrol_totp
from tests.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START = 60  # seconds until the first page; what packages take comes on top


@pytest.fixture
def debug_site(tmp_path):
    """`run` of the launcher on an empty SQLite file, as `make run` starts it."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "DEBUG": "true",
        "AUTH_SECRET": "r" * 64,
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "EMAIL_URL": f"filemail://{tmp_path}/mail",
        "PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "authsite.launch", "run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    yield process, environment, f"http://localhost:{port}"
    process.send_signal(signal.SIGTERM)
    process.wait(15)


def signed_in(url, email, password):
    """A browser without JavaScript in which somebody has signed in by the form."""
    browser = httpx.Client(base_url=url, follow_redirects=True)
    page = browser.get("/accounts/login/").text
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
    form = {"login": email, "password": password, "csrfmiddlewaretoken": token}
    browser.post("/accounts/login/", data=form)
    return browser


def test_make_run_shows_everything_and_stops_everything(debug_site):
    began = time.monotonic()
    process, environment, url = debug_site
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    text = "".join(lines)
    assert f"Authsite  {url}" in text
    assert "GitHub and Google are stand-ins on this machine: demo" in text
    assert httpx.get(f"{url}/").status_code == 200
    assert time.monotonic() - began < START
    email, password = next(
        line.split()[1:3] for line in lines if line.strip().startswith("person")
    )
    assert email in signed_in(url, email, password).get("/dashboard/").text
    answer = httpx.post(
        f"{url}/api/token/", json={"email": email, "password": password}
    )
    assert answer.status_code == 200
    told = subprocess.run(
        [sys.executable, "manage.py", "demo", "--json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    demo = json.loads(told.stdout)
    assert demo["url"] == url
    assert [person["role"] for person in demo["people"]] == ["person", "staff", "owner"]
    # the stand-ins answer, and browsers may send the button's form to them
    base = re.search(
        r"form-action 'self' (http://127\.0\.0\.1:\d+);?",
        str(httpx.get(f"{url}/accounts/login/").headers["Content-Security-Policy"])
        + ";",
    )[1]
    found = httpx.get(f"{base}/google/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{base}/google"
    assert httpx.get(f"{base}/github/api/v3").status_code == 200
    # the staff of the demo may look at people
    person = demo["people"][1]
    staff = signed_in(url, person["email"], person["password"])
    assert "owner@example.com" in staff.get("/admin/accounts/user/").text
    # the mailbox of DEBUG shows what the worker sent
    httpx.post(f"{url}/_allauth/app/v1/auth/password/request", json={"email": email})
    for _ in range(100):
        page = httpx.get(f"{url}/mailbox/").text
        if "choose a new password" in page:
            break
        time.sleep(0.1)
    assert "choose a new password" in page
    assert 'href="http://localhost' in page
    process.send_signal(signal.SIGINT)
    assert process.wait(15) == 0
    for gone in (f"{url}/healthz", f"{base}/github/api/v3"):
        with pytest.raises(httpx.TransportError):
            httpx.get(gone)
    mark = f"PORT={environment['PORT']}\0".encode()
    left = [
        found for found in Path("/proc").glob("[0-9]*/environ")
        if readable(found) and mark in found.read_bytes()
    ]  # fmt: skip
    assert left == []


def readable(file):
    try:
        file.read_bytes()
    except OSError:
        return False
    return True


@pytest.mark.django_db
def test_demo_renews_people_and_their_passwords(settings):
    settings.DEBUG = True
    settings.ROOT_URLCONF = "tests.unit.debug_urls"
    clear_url_caches()
    first, second = StringIO(), StringIO()
    call_command("demo", "--json", stdout=first)
    enrol_totp(User.objects.get(email="owner@example.com"))
    User.objects.filter(email="staff@example.com").update(is_active=False)
    call_command("demo", "--json", stdout=second)
    passwords = [
        [person["password"] for person in json.loads(out.getvalue())["people"]]
        for out in (first, second)
    ]
    assert not set(passwords[0]) & set(passwords[1])
    assert User.objects.filter(is_active=True).count() == 3
    assert not User.objects.get(email="owner@example.com").authenticator_set.exists()
    clear_url_caches()


@pytest.mark.django_db
def test_demo_is_refused_outside_debug():
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("demo")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_doctor_is_pleased_or_says_what_to_mend(settings):
    out = StringIO()
    settings.SITE_URL = "https://id.example.com"
    with pytest.raises(CommandError):  # this configuration has no https
        call_command("doctor", stdout=out)
    told = out.getvalue()
    assert "ok    database" in told
    assert "ok    keys: ES256" in told
    assert "https://id.example.com/accounts/google/login/callback/" in told
    assert "WRONG authsite.W001" in told
    for line, after in zip(told.splitlines(), told.splitlines()[1:], strict=False):
        if line.startswith("WRONG"):
            assert after.strip().startswith("mend: ")
            assert len(after.strip()) > len("mend: ")


def doctor():
    out = StringIO()
    with pytest.raises(CommandError):  # this configuration has no https
        call_command("doctor", stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_doctor_names_the_callbacks_of_whoever_is_configured(oidc, settings):
    here = "http://localhost/accounts"
    told = doctor()
    for path in ("google", "github", "oidc/oidc"):
        assert f"{here}/{path}/login/callback/" in told
    # the sign-in page of the third is not where its variables say
    assert "WRONG Example: its sign-in page is at" in told
    assert f"mend: set OIDC_FORM_ORIGINS={oidc.url}" in told
    assert f"ok    Google: {oidc.base('google')}" in told
    assert f"ok    GitHub: {oidc.base('github')}/api/v3" in told
    del settings.SOCIALACCOUNT_PROVIDERS["google"]["APPS"]
    assert f"{here}/google/login/callback/" not in doctor()


@pytest.mark.django_db(transaction=True)
def test_the_doctor_says_which_provider_does_not_answer(oidc, settings):
    away = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": social.google("id", "secret", away),
        "github": social.github("id", "secret", away),
        "openid_connect": social.oidc("Example", away, "id", "secret"),
    }
    told = doctor()
    for name in ("Google", "GitHub", "Example"):
        assert f"WRONG {name}: " in told
    assert "set OIDC_SERVER_URL to the issuer" in told
    settings.SOCIALACCOUNT_PROVIDERS["google"] = {
        **social.google("id", "secret", oidc.base("google")),
        "JWKS_URL": "https://elsewhere.example/keys",
    }
    assert "WRONG Google: it has moved: jwks_uri" in doctor()


@pytest.mark.parametrize(
    "chosen",
    [
        {"DEBUG": "false"},
        {"DEBUG": "true", "GOOGLE_CLIENT_ID": "mine"},
        {"DEBUG": "true", "OIDC_SERVER_URL": "https://login.example.com"},
    ],
)
def test_no_stand_ins_outside_debug_or_beside_chosen_providers(monkeypatch, chosen):
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(standins_offer, "provide", pytest.fail)
    assert standins_offer.offer() == {}


@pytest.mark.parametrize(
    ("host", "site", "listens", "named"),
    [
        ("", "", "127.0.0.1", "127.0.0.1"),
        ("::1", "", "127.0.0.1", "127.0.0.1"),
        ("192.168.1.5", "", "192.168.1.5", "192.168.1.5"),
        ("2001:db8::1", "", "2001:db8::1", "[2001:db8::1]"),
        ("0.0.0.0", "", "0.0.0.0", "localhost"),
        ("0.0.0.0", "http://box.lan:8000", "0.0.0.0", "box.lan"),
    ],
)
def test_stand_ins_listen_for_this_machine_unless_host_lets_others_in(
    monkeypatch, host, site, listens, named
):
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("SITE_URL", site)
    provided = {}
    monkeypatch.setattr(standins_offer, "provide", provided.update)
    command = standins_offer.offer()["stand-ins"]
    assert command[command.index("--host") + 1] == listens
    assert re.fullmatch(
        rf"http://{re.escape(named)}:\d+/google", provided["GOOGLE_BASE_URL"]
    )


def test_the_launcher_refuses_a_taken_port():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"PORT={port + 1}"):
            launch.refuse_taken_port(port)


def test_a_helper_that_cannot_stay_is_started_ever_later(monkeypatch):
    now, starts = [0.0], []

    class Ended:
        def poll(self):
            return 1

    def start(command):
        starts.append(now[0])
        return Ended()

    monkeypatch.setattr(supervise, "start", start)
    monkeypatch.setattr(supervise.time, "monotonic", lambda: now[0])
    helper = supervise.Helper("mail worker", ["false"])
    for second in range(1, 61):
        now[0] = float(second)
        helper.look()
    assert starts == [0, 1, 3, 7, 15, 31, 47]
    helper.process.poll = lambda: None  # it stays
    now[0] = 70.0
    helper.look()
    helper.process.poll = lambda: 1
    for second in (71.0, 72.0, 73.0):
        now[0] = second
        helper.look()
    assert starts[-2:] == [71, 73]


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ("sqlite:///{folder}/empty.sqlite3", "manage.py migrate"),
        ("postgres://maya:secretpw@127.0.0.1:{port}/x", "DATABASE_URL: no answer"),
    ],
)
def test_serve_refuses_a_database_that_is_not_ready(tmp_path, database, told):
    url = database.format(folder=tmp_path, port=free_port())
    done = subprocess.run(
        [sys.executable, "-m", "authsite.launch", "serve"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert told in done.stderr
    assert "secretpw" not in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_word_is_explained():
    assert launch.main(["walk"]) == 2
