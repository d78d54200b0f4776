"""Fixtures for the tests of all examples: tokens of the real site, and an issuer."""

from __future__ import annotations

import functools

import httpx
import jwt
import pytest

from tests.examples import node_services
from tests.examples.python_services import install
from tests.examples.stand_in import stand_in
from tests.examples.tools import PASSWORD


@pytest.fixture
def issuer():
    """An issuer of our own, fresh for this test."""
    with stand_in() as found:
        yield found


@pytest.fixture(scope="module")
def pair(site):
    """Tokens that the real site has just minted, for second-service@example.org."""
    email = "second-service@example.org"
    body = {"email": email, "password": PASSWORD}
    answer = httpx.post(f"{site.url}/api/token/", json=body)
    if answer.status_code != 200:
        site.make_person(email, PASSWORD)
        answer = httpx.post(f"{site.url}/api/token/", json=body)
    return answer.json()


@pytest.fixture(scope="module")
def claims(pair):
    """What their access token says."""
    return jwt.decode(pair["access"], options={"verify_signature": False})


@pytest.fixture(scope="module")
def header(pair):
    """The header of their access token."""
    return jwt.get_unverified_header(pair["access"])


@pytest.fixture(scope="session")
def installed():
    """`installed(name)`: an example with its own Python, made once."""
    return functools.cache(install)


@pytest.fixture(scope="module", params=["fastapi_service", "drf_service"])
def example(request, installed):
    """Each of the Python services, installed; start it by example.running(…)."""
    return installed(request.param)


@pytest.fixture(scope="session")
def node_example(tmp_path_factory):
    """The Node service, installed; start it by node_example.running(…)."""
    return node_services.install(tmp_path_factory.mktemp("node_service"))
