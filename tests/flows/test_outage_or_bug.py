"""A part that is away is 503; a bug is 500 with its traceback in the log."""

from __future__ import annotations

import logging

import psycopg
import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper as SQLite
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import ResponseError
from rest_framework.views import APIView

from accounts.api.base import OpenView
from accounts.api.unavailable import is_unavailable
from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL's own codes"
)


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def duplicate():
    for _ in range(2):
        User.objects.create(email="twice@example.org")


def unknown_table():
    run("SELECT * FROM a_table_that_was_never_migrated")


def division_by_zero():
    run("SELECT 1/0")


def statement_timeout():
    with transaction.atomic():
        run("SET LOCAL statement_timeout = 20")
        run("SELECT pg_sleep(5)")


def lock_timeout():
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    other = psycopg.connect(**{name: parameters.get(name) for name in names})
    try:
        other.execute("LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE")
        with transaction.atomic():
            run("SET LOCAL lock_timeout = 20")
            list(User.objects.all())
    finally:
        other.close()


def killed():
    try:
        run("SELECT pg_terminate_backend(pg_backend_pid())")
    finally:
        connection.close()


def empty_pool():
    first = connection.copy("pooled")
    pool = {"min_size": 1, "max_size": 1, "timeout": 0.05}
    first.settings_dict.update(OPTIONS={"pool": pool}, CONN_MAX_AGE=0)
    second = first.copy("pooled")
    try:
        first.ensure_connection()
        second.ensure_connection()
    finally:
        first.close()
        first.close_pool()


def nobody_listens():
    other = connection.copy("away")
    other.settings_dict.update(HOST="127.0.0.1", PORT="1")
    other.ensure_connection()


OUTAGES = [statement_timeout, lock_timeout, killed, empty_pool, nobody_listens]
BUGS = [duplicate, unknown_table]


def error_of(call):
    with pytest.raises((DatabaseError, InterfaceError)) as caught:
        call()
    return caught.value


@on_postgresql
@pytest.mark.parametrize("call", OUTAGES)
def test_postgresql_that_is_away_is_unavailable(call):
    assert is_unavailable(error_of(call))


@on_postgresql
@pytest.mark.parametrize("call", [*BUGS, division_by_zero])
def test_postgresql_that_refuses_a_statement_is_not(call):
    assert not is_unavailable(error_of(call))


@pytest.fixture
def sqlite(tmp_path):
    """Two connections to one file, neither of which waits for the other."""
    options = {**connection.settings_dict, "OPTIONS": {"timeout": 0}, "TIME_ZONE": None}
    options["NAME"] = str(tmp_path / "some.sqlite3")
    both = [SQLite(options, alias="some") for _ in range(2)]
    yield both
    for one in both:
        one.close()


def test_sqlite_that_is_locked_or_out_of_reach_is_unavailable(sqlite, tmp_path):
    first, second = sqlite
    first.cursor().execute("BEGIN IMMEDIATE")
    assert is_unavailable(error_of(lambda: second.cursor().execute("BEGIN IMMEDIATE")))
    first.cursor().execute("ROLLBACK")
    settings = {**first.settings_dict, "NAME": str(tmp_path / "no" / "folder")}
    away = SQLite(settings, alias="away")
    assert is_unavailable(error_of(away.ensure_connection))


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM nothing", "SELEC 1", "SELECT CAST(x'ff' AS TEXT)"]
)
def test_sqlite_that_refuses_a_statement_is_not(sqlite, sql):
    # All of them are OperationalErrors, as a locked file is.
    cursor = sqlite[0].cursor()
    error = error_of(lambda: (cursor.execute(sql), cursor.fetchall()))
    assert type(error).__name__ == "OperationalError"
    assert not is_unavailable(error)


def test_a_cache_that_is_away_is_unavailable_and_a_wrong_command_is_not():
    assert is_unavailable(RedisAway("refused"))
    assert not is_unavailable(ResponseError("WRONGTYPE"))


@pytest.fixture
def answers(plant):
    """What the fast path, another API view and a page answer when `call` fails."""

    class Lean(OpenView):
        def get(self, request):
            self.call()

    class Ordinary(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            Lean.call()

    @login_not_required
    def page(request):
        Lean.call()
        return HttpResponse()

    plant(
        path("api/lean/", Lean.as_view()),
        path("api/ordinary/", Ordinary.as_view()),
        path("page/", page),
    )

    def ask(call):
        Lean.call = staticmethod(call)
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        return [client.get(at) for at in ("/api/lean/", "/api/ordinary/", "/page/")]

    return ask


LOGGERS = {"authsite.door", "django.request"}


def has_traceback(line):
    ours = isinstance(line.msg, dict) and line.msg.get("exception")
    return line.name in LOGGERS and bool(line.exc_info or ours)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_500_with_a_traceback(answers, bug, caplog):
    with caplog.at_level(logging.ERROR):
        found = answers(bug)
    assert [one.status_code for one in found] == [500, 500, 500]
    assert {one.json()["code"] for one in found[:2]} == {"error"}
    assert not any(one.has_header("Retry-After") for one in found)
    assert sum(map(has_traceback, caplog.records)) == 3


@on_postgresql
def test_an_outage_is_503_everywhere(answers):
    found = answers(statement_timeout)
    assert [one.status_code for one in found] == [503, 503, 503]
    assert {one.json()["code"] for one in found[:2]} == {"unavailable"}
    assert all(one.has_header("Retry-After") for one in found)
