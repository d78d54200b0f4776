"""Sign-ups with one address that arrive together: one account, and no error."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User

EMAIL, PASSWORD = "twice@example.org", "correct horse battery"
AT_ONCE = 6
DOORS = {
    "/accounts/signup/": {"email": EMAIL, "password1": PASSWORD},
    "/_allauth/app/v1/auth/signup": {"email": EMAIL, "password": PASSWORD},
    "/_allauth/app/v1/auth/webauthn/signup": {"email": EMAIL},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", DOORS)
def test_one_of_them_makes_the_account(path, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "confirm_email": ""}
    together = threading.Barrier(AT_ONCE)

    def sign_up(_):
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        kind = {} if path.startswith("/accounts/") else {
            "content_type": "application/json"
        }  # fmt: skip
        together.wait()
        try:
            return client.post(path, DOORS[path], **kind).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = set(pool.map(sign_up, range(AT_ONCE)))
    assert statuses == ({302} if path.startswith("/accounts/") else {401})
    assert User.objects.filter(email=EMAIL).count() == 1
