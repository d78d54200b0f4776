"""The mailbox of DEBUG: the text, and the HTML as it was sent, alone on a page."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.mail.backends.filebased import EmailBackend
from django.test import Client
from django.urls import clear_url_caches

from authsite import social
from tests.mails import make

NAMES = ("account/email/login_code", "account/email/password_reset_key")


@pytest.fixture
def client():
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def mailbox(settings, tmp_path, client):
    """Two mails in one file, as a worker writes them."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = "tests.unit.debug_urls"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    clear_url_caches()
    mails = [make(name) for name in NAMES]
    mails[0].body += "\n\nGrüße"
    EmailBackend(file_path=str(tmp_path)).send_messages(mails)
    (file,) = tmp_path.iterdir()
    yield client, f"/mailbox/{file.name}"
    clear_url_caches()


def test_it_shows_texts_and_leads_to_what_was_sent(mailbox):
    client, folder = mailbox
    page = client.get("/mailbox/").content.decode()
    assert "4829-1375" in page
    assert "Grüße" in page
    assert 'href="http://localhost/accounts/password/reset/key/' in page
    assert page.index(f'href="{folder}/1/"') < page.index(f'href="{folder}/0/"')
    assert "style=" not in page


def test_what_was_sent_is_shown_in_a_sandbox(mailbox):
    client, folder = mailbox
    answer = client.get(f"{folder}/0/")
    assert 'class="code"' in answer.content.decode()
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "sandbox": "",
    }
    assert "unsafe" not in client.get("/mailbox/")["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["{}/2/", "{}/99999999/", "/mailbox/other.log/0/",
                                  "/mailbox/..%2F..%2Fetc%2Fpasswd/0/"])  # fmt: skip
def test_there_is_nothing_else(mailbox, path):
    client, folder = mailbox
    assert client.get(path.format(folder)).status_code == 404


def test_outside_debug_there_is_nothing(mailbox, settings):
    client, folder = mailbox
    settings.DEBUG = False
    assert client.get("/mailbox/").status_code == 404
    assert client.get(f"{folder}/0/").status_code == 404
    settings.ROOT_URLCONF = "authsite.urls"
    clear_url_caches()
    assert client.get("/mailbox/").status_code == 404


@pytest.mark.parametrize(
    ("peer", "invited", "status"),
    [
        ("127.0.0.1", False, 200),
        ("127.8.9.1", False, 200),
        ("::1", False, 200),
        ("::ffff:127.0.0.1", False, 200),
        ("192.168.1.5", False, 404),
        ("2001:db8::1", False, 404),
        ("", False, 404),
        ("192.168.1.5", True, 200),
    ],
)
def test_it_is_for_browsers_on_this_machine(mailbox, settings, peer, invited, status):
    client, folder = mailbox
    settings.DEBUG_FOR_OTHERS = invited
    more = {"REMOTE_ADDR": peer}
    assert client.get("/mailbox/", **more).status_code == status
    assert client.get(f"{folder}/0/", **more).status_code == status


FORWARDED = [
    {"x-forwarded-for": "203.0.113.5"},
    {"x-forwarded-for": "127.0.0.1"},  # anyone can send it
    {"x-forwarded-for": ""},
    {"x-forwarded-host": "localhost"},
    {"x-forwarded-proto": "https"},
    {"forwarded": "for=127.0.0.1"},
    {"x-real-ip": "127.0.0.1"},
    {"via": "1.1 proxy"},
    {"host": "demo.example.net"},
    {"host": "demo.example.net:8000"},
    {"host": "localhost.example.net"},
    {"host": "192.168.1.5:8000"},
]


@pytest.mark.parametrize("proxies", [0, 1])
@pytest.mark.parametrize("headers", FORWARDED, ids=str)
def test_a_tunnel_or_local_proxy_opens_nothing(mailbox, settings, headers, proxies):
    client, folder = mailbox
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    for path in ("/mailbox/", f"{folder}/0/"):
        assert client.get(path, headers=headers).status_code == 404
        assert client.get(path).status_code == 200
    settings.DEBUG_FOR_OTHERS = True
    assert client.get("/mailbox/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost:8000", "LOCALHOST", "id.localhost:8000", "127.0.0.1", "[::1]:8"]
)
def test_every_name_of_this_machine_shows_it(mailbox, settings, host):
    settings.ALLOWED_HOSTS = ["*"]
    answer = mailbox[0].get("/mailbox/", headers={"host": host})
    assert answer.status_code == 200


def test_a_site_url_elsewhere_is_no_invitation(settings):
    """Settings as make run reads them, behind a tunnel."""
    code = (
        "import manage, django; from authsite.env import use_settings;"
        "use_settings(); django.setup();"
        "from django.test import RequestFactory as R;"
        "from accounts.policy.development import is_outsider;"
        "print([is_outsider(R().get('/', headers={'host': host}))"
        " for host in ('localhost', 'demo.example.net')])"
    )
    variables = {
        "ENV_FILE": "",
        "AUTH_SECRET": "x" * 64,
        "DEBUG": "true",
        "SITE_URL": "https://demo.example.net",
        "TRUSTED_PROXY_COUNT": "1",
    }
    found = {}
    for invited in ({}, {"HOST": "192.168.1.5"}):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=settings.BASE_DIR,
            env={**variables, **invited},
            capture_output=True,
            text=True,
            check=False,
        )
        found[bool(invited)] = done.stdout.strip() or done.stderr
    assert found == {False: "[False, True]", True: "[False, False]"}


@pytest.mark.django_db
def test_demo_providers_are_for_browsers_on_this_machine(settings, client):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": social.google("id", "secret", "http://127.0.0.1:9"),
        "github": social.github("id", "secret"),  # the real one
    }
    settings.DEBUG = True

    def offered(**more):
        page = client.get("/accounts/login/", **more).content.decode()
        buttons = {name for name in ("google", "github") if f"/{name}/login/" in page}
        doors = {
            name
            for name in ("google", "github")
            if client.post(f"/accounts/{name}/login/", **more).status_code != 404
        }
        callback = client.get("/accounts/google/login/callback/", **more)
        assert (callback.status_code == 404) is ("google" not in buttons)
        return buttons, doors

    outsider = {"REMOTE_ADDR": "192.168.1.5"}
    tunneled = {"HTTP_X_FORWARDED_FOR": "203.0.113.5"}
    both = {"google", "github"}
    assert offered() == (both, both)
    for more in (outsider, tunneled):
        assert offered(**more) == ({"github"}, {"github"})
    settings.DEBUG_FOR_OTHERS = True
    assert offered(**outsider) == (both, both)
