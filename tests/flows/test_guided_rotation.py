"""Guided rotation: who has fetched the next key, and who is waited for."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tokens import readers
from accounts.tokens.models import KeyReader, SigningKey
from accounts.tokens.readers import MOST, notebook

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/.well-known/jwks.json"


def rotate(*options, after=0.0):
    out = StringIO()
    with time_machine.travel(time.time() + after):
        call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def fetch(client, name=None, **headers):
    notebook.clear()
    if name:
        headers["x_service_name"] = name
    answer = client.get(URL, headers=headers)
    assert answer.status_code == 200
    return {key["kid"] for key in answer.json()["keys"]}


def test_a_service_is_remembered_by_the_name_it_gives(client, db):
    kids = fetch(client, "orders-api")
    row = KeyReader.objects.get()
    assert (row.name, set(row.kids)) == ("orders-api", kids)
    assert abs(row.fetched_at - timezone.now()) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("billing/2.1 (linux)", "billing"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140", None),
        ("", None),
        ("<script>alert(1)</script>", None),
        ("x" * 65, None),
    ],
)
def test_else_by_the_product_in_its_user_agent(client, db, agent, name):
    fetch(client, user_agent=agent)
    assert (
        list(KeyReader.objects.values_list("name", flat=True)) == [name][: bool(name)]
    )


def test_a_name_is_written_once_a_minute(client, db):
    fetch(client, "orders-api")
    first = KeyReader.objects.get().fetched_at
    with CaptureQueriesContext(connection) as seen:
        client.get(URL, headers={"x-service-name": "orders-api"})
    assert not [q for q in seen if "keyreader" in q["sql"]]  # this process knows
    fetch(client, "orders-api")  # another process asks the table, and leaves it
    assert KeyReader.objects.get().fetched_at == first
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        fetch(client, "orders-api")
    assert KeyReader.objects.get().fetched_at > first


def test_a_flood_of_names_neither_fills_the_table_nor_pushes_out_a_true_one(client, db):
    fetch(client, "orders-api")
    for number in range(MOST + 30):
        client.get(URL, headers={"x-service-name": f"invented-{number}"})
    assert KeyReader.objects.count() == MOST
    assert KeyReader.objects.filter(name="orders-api").exists()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        fetch(client, "billing")  # whoever has gone makes room
    assert KeyReader.objects.filter(name="billing").exists()
    assert KeyReader.objects.count() == MOST


def test_a_table_that_cannot_be_written_fails_no_answer(client, db, monkeypatch):
    def away(*args):
        raise OperationalError

    monkeypatch.setattr(readers, "_write", away)
    assert fetch(client, "orders-api")


def test_the_command_waits_for_a_service_that_lacks_the_key_and_names_it(client, db):
    fetch(client, "orders-api")
    fetch(client, "billing")
    rotate()
    with time_machine.travel(time.time() + 120):
        fetch(client, "billing")
    told = rotate("--now", after=601)
    assert "orders-api has not fetched it since" in told
    assert "billing" not in told
    assert "waits for them until" in told
    assert SigningKey.objects.filter(state="retired").count() == 0
    with time_machine.travel(time.time() + 660):
        fetch(client, "orders-api")
    told = rotate("--now", after=661)
    assert "It is safe to sign" in told
    assert "all 2 services seen within a day have fetched it" in told
    assert SigningKey.objects.filter(state="retired").count() == 1


def test_it_does_not_wait_when_told_not_to_nor_for_ever(client, db):
    fetch(client, "orders-api")
    rotate()
    assert "signs." not in rotate("--now", after=601)
    told = rotate("--now", "--anyway", after=602)
    assert "orders-api has not fetched it since" in told
    assert "signs." in told


def test_a_service_that_keeps_asking_without_taking_the_key_is_waited_for_a_day(
    client, db
):
    fetch(client, "orders-api")
    rotate()
    later = timedelta(days=1, minutes=11)
    KeyReader.objects.update(fetched_at=timezone.now() + later - timedelta(hours=1))
    told = rotate("--now", after=later.total_seconds())
    assert "orders-api has not fetched it since" in told
    assert "signs." in told


def test_a_service_that_has_gone_is_not_waited_for(client, db):
    fetch(client, "orders-api")
    KeyReader.objects.update(fetched_at=timezone.now() - timedelta(days=2))
    rotate()
    assert "signs." in rotate("--now", after=601)
