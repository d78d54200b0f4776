"""A link from a mail pressed many times at once acts once, over processes."""

from __future__ import annotations

import os
import re

import httpx
import psycopg
import pytest

from accounts.audit.models import Event
from tests.races.parallel import together
from tests.services import postgres, server

MANY = 16
EMAIL = "pressed@example.org"


@pytest.fixture(scope="module")
def busy():
    """Four processes; the limit would hide the race behind a 429."""
    database = postgres.new_database(os.environ["DATABASE_URL"], "authsite_links")
    limits = "mail_link=100000/m/ip"
    with server.site(
        database, os.environ["CACHE_URL"], workers=4, RATE_LIMITS=limits
    ) as found:
        found.make_person(EMAIL, "correct horse battery")
        yield found


LINKS = {
    "person:account:not_me": "print(json.dumps(not_me.link(user, user.email)))\n",
    "person:account:keep": (
        "user.is_active = False\n"
        "user.closes_at = timezone.now() + timedelta(days=1)\n"
        "user.save()\n"
        "print(json.dumps(closing.undo_link(user)))\n"
    ),
}


def times(site, action):
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        table = Event._meta.db_table
        query = f"SELECT count(*) FROM {table} WHERE action = %s"
        return connection.execute(query, [action]).fetchone()[0]


@pytest.mark.parametrize("action", LINKS)
def test_many_presses_act_once(busy, action):
    link = busy.run(
        "import json\n"
        "from datetime import timedelta\n"
        "from django.utils import timezone\n"
        "from accounts.models import User\n"
        "from accounts.policy import closing, not_me\n"
        "user = User.objects.get()\n"
    + LINKS[action])  # fmt: skip
    page = httpx.get(link)
    assert page.status_code == 200
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
    headers = {
        "Cookie": f"csrftoken={page.cookies['csrftoken']}",
        "Origin": busy.url,
    }

    def call(client, _):
        return client.post(link, data={"csrfmiddlewaretoken": token}, headers=headers)

    codes = [answer.status_code for answer in together(MANY, call)]
    # 429: the lock of a counter was not to be had within a second.
    assert set(codes) <= {303, 410, 429}, codes
    assert codes.count(303) == 1, codes
    assert times(busy, action) == 1
