"""Fixtures: both stand-ins as a process, the site set up for them, a person's way."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from authsite import social

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of the stand-ins"
CLIENT = "the-site"
OTHER_CLIENT = "another-app"
SITE = "http://localhost"  # as tests.services.environment has it


@dataclass
class Standins:
    """Where they are, and how people go through them."""

    url: str

    def base(self, provider: str) -> str:
        """The provider's address."""
        return f"{self.url}/{provider}"

    def consent(self, url: str, misfortune: str = "", **person: str) -> str:
        """A person at a provider's page; returns where it sends them."""
        page = httpx.get(url)
        assert page.status_code == 200, page.text
        return self.answer(page.text, misfortune, **person)

    def answer(self, page: str, misfortune: str = "", **person: str) -> str:
        """POST the form of a consent page."""
        [action] = re.findall(r'<form method="post" action="([^"]+)"', page)
        [ticket] = re.findall(r'name="ticket" value="([^"]+)"', page)
        who = {"name": "Maya Lindqvist", "email": "maya@example.org", **person}
        form = {"ticket": ticket, "misfortune": misfortune, **who}
        answer = httpx.post(unescape(action), data=form)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


@contextlib.contextmanager
def running(*clients: str) -> Iterator[Standins]:
    """Both stand-ins as a process, with clients written id=site."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standins", "--slow", "1.5"]
        + [part for client in clients for part in ("--client", client)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STANDINS_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield Standins(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def standins() -> Iterator[Standins]:
    """Both stand-ins, with two clients."""
    with running(f"{CLIENT}={SITE}", f"{OTHER_CLIENT}=http://localhost:9") as found:
        yield found


@pytest.fixture
def providers(settings: Any, standins: Standins) -> Standins:
    """The site set up for Google and GitHub, as by its environment."""
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": social.google(CLIENT, SECRET, standins.base("google")),
        "github": social.github(CLIENT, SECRET, standins.base("github")),
        "openid_connect": social.oidc("", "", "", ""),
    }
    return standins


@pytest.fixture
def oidc(settings: Any, providers: Standins) -> Standins:
    """The site set up for a third provider, which is the first one's stand-in again."""
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"] = social.oidc(
        "Example", providers.base("google"), CLIENT, SECRET
    )
    return providers


def start(browser: Client, provider: str = "google", query: str = "") -> str:
    """Press a provider's button; returns where the browser is sent."""
    path = f"/accounts/{provider}/login/"
    answer = browser.post(f"{path}?{query}" if query else path)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return str(answer["Location"])


def come_back(browser: Client, url: str) -> Any:
    """Follow a redirect of a provider to the site."""
    parts = urlsplit(url)
    return browser.get(f"{parts.path}?{parts.query}")


def sign_in_by(
    standins: Standins,
    browser: Client,
    provider: str = "google",
    misfortune: str = "",
    **person: str,
) -> Any:
    """The whole way; returns the site's answer to the callback."""
    page = start(browser, provider)
    return come_back(browser, standins.consent(page, misfortune, **person))


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
