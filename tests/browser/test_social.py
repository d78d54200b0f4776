"""Google and GitHub in a real browser, at the site and stand-ins of `make run`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.checks import check
from tests.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"desktop": (1280, 800), "phone": (320, 640)}


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory) -> Iterator[str]:
    """`make run` on an empty database, without any provider in its environment."""
    with run_site(tmp_path_factory.mktemp("demo"), free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def oidc_site(tmp_path_factory) -> Iterator[str]:
    """`make run` with an OpenID Connect provider of one's own."""
    port, secret = free_port(), "a secret of the stand-ins"
    client = f"shop=http://localhost:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standins", "--client", client],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "STANDINS_SECRET": secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    url = process.stdout.readline().strip()
    provider = {
        "OIDC_NAME": "Example",
        "OIDC_SERVER_URL": f"{url}/google",
        "OIDC_CLIENT_ID": "shop",
        "OIDC_CLIENT_SECRET": secret,
    }
    with run_site(tmp_path_factory.mktemp("oidc"), port, **provider) as found:
        yield found
    process.terminate()
    process.wait(10)


@contextlib.contextmanager
def run_site(folder, port, **more) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "authsite.launch", "run"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "DEBUG": "true",
            "AUTH_SECRET": "b" * 64,
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "EMAIL_URL": f"filemail://{folder}/mail",
            "PORT": str(port),
            **more,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    assert any("Ctrl-C" in line for line in process.stdout)
    yield f"http://localhost:{port}"
    process.send_signal(signal.SIGTERM)
    process.wait(15)


def no_sideways_scroll(page):
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("provider", ["Google", "GitHub"])
def test_in_and_out_and_in_again(page, demo_site, provider, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{demo_site}/profile/")
    button = page.get_by_role("button", name=f"Continue with {provider}")
    assert page.get_by_text("Demo: here GitHub and Google are stand-ins").count() == 1
    assert page.get_by_text("Last used").count() == 0
    check(page, f"sign-in with {provider}, {size}")
    button.click()
    page.wait_for_selector(f"text=Demo: not {provider}")
    no_sideways_scroll(page)
    page.fill("#name", "Kim Ito")
    page.fill("#email", f"{provider}.{size}@example.org")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url(f"{demo_site}/profile/")
    assert page.input_value("#id_name") == "Kim Ito"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{demo_site}/")
    page.goto(f"{demo_site}/accounts/login/")
    assert page.get_by_text("Last used").count() == 1
    assert "Last used" in button.inner_text()
    check(page, "last used")


@pytest.mark.parametrize("size", SIZES)
def test_a_provider_of_one_s_own(page, oidc_site, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{oidc_site}/profile/")
    assert page.get_by_role("button", name="Continue with").count() == 1
    page.get_by_role("button", name="Continue with Example").click()
    page.fill("#name", "Kim Ito")
    page.fill("#email", f"{size}@example.org")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.wait_for_url(f"{oidc_site}/profile/")
    assert page.input_value("#id_name") == "Kim Ito"
    page.goto(f"{oidc_site}/accounts/3rdparty/")
    assert page.get_by_role("button", name="Disconnect Example").is_visible()
    check(page, f"connected to a provider of one's own, {size}")


@pytest.mark.parametrize("size", SIZES)
def test_a_refusal_and_a_way_on(page, demo_site, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{demo_site}/accounts/signup/")
    for misfortune, words in (
        ("denied", "You stopped on the way"),
        ("error_500", "We got no answer from Google"),
    ):
        page.get_by_role("button", name="Continue with Google").click()
        page.select_option("#misfortune", misfortune)
        page.get_by_role("button", name="Noor Haddad").click()
        page.wait_for_selector(f"text={words}")
        check(page, words)
        page.get_by_role("link", name="Back to sign-in").click()
        page.wait_for_url(f"{demo_site}/accounts/login/")


def test_somebody_whose_address_is_not_told(page, demo_site):
    page.goto(f"{demo_site}/accounts/login/")
    page.get_by_role("button", name="Continue with GitHub").click()
    page.select_option("#misfortune", "no_email")
    page.get_by_role("button", name="Tomás Rey").click()
    page.wait_for_selector("text=GitHub did not tell us one")
    assert page.evaluate("document.activeElement.id") == "id_email"
    check(page, "no address")
    page.fill("#id_email", "tomas@example.org")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_selector("text=Enter the code from your mail")
