"""Streaming answers from the real server: as they are made, and with an end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.wire.client import (
    PATIENCE,
    descendants,
    read_to_the_end,
    start,
    wait_for_mark,
    wait_until,
    wire_site,
)

STREAMS = 20  # more than the server has threads for requests


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("wire")


@pytest.fixture(scope="module")
def site(folder):
    with wire_site(folder, "streams", MAX_STREAMS=str(STREAMS)) as found:
        for number in range(5):
            found.make_person(f"row-{number}@example.org", "correct horse battery")
        yield found


@pytest.fixture
def own_site(tmp_path):
    """A site to be stopped."""
    with wire_site(tmp_path, "stopped") as found:
        yield found


@pytest.mark.parametrize("shape", ["parts", "async"])
def test_a_part_arrives_before_the_next_is_made(site, folder, shape):
    with httpx.stream("GET", f"{site.url}/wire/stream/{shape}/{shape}/") as answer:
        parts = answer.iter_text()
        assert next(parts) == "first\n"
        Path(folder, f"{shape}-go").touch()  # only now is there another
        assert "".join(parts) == {"parts": "last\n", "async": "5 people\n"}[shape]
    wait_for_mark(folder, f"{shape}-finished")


@pytest.mark.parametrize("shape", ["beats", "async"])
def test_a_client_that_leaves_ends_it(site, folder, shape):
    one, _ = start(site, f"/wire/stream/{shape}/left-{shape}/")
    assert not Path(folder, f"left-{shape}-closed").exists()
    one.close()
    wait_for_mark(folder, f"left-{shape}-closed")
    wait_for_mark(folder, f"left-{shape}-finished")


def test_no_more_than_max_streams_and_others_go_on(site, folder):
    with contextlib.ExitStack() as open_ones:
        for number in range(STREAMS):
            one, head = start(site, f"/wire/stream/parts/full-{number}/")
            open_ones.enter_context(one)
            assert head.startswith(b"HTTP/1.1 200")
        page = httpx.get(f"{site.url}/wire/stream/parts/one-more/")
        program = httpx.get(f"{site.url}/api/wire/stream/parts/one-more/")
        assert {page.status_code, program.status_code} == {503}
        assert page.headers["Retry-After"] == program.headers["Retry-After"] == "5"
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["Content-Security-Policy"]
        assert program.headers["Content-Type"] == "application/problem+json"
        assert program.json()["code"] == "unavailable"
        for path in ("/healthz", "/accounts/login/", "/static/accounts/page.js"):
            assert httpx.get(f"{site.url}{path}").status_code in {200, 404}, path
    # A thread notices at its next part.
    for number in range(STREAMS):
        Path(folder, f"full-{number}-go").touch()
    wait_until(lambda: httpx.get(f"{site.url}/wire/stream/rows/x/").status_code == 200)


def test_a_slow_client_is_waited_for(site, folder):
    """Nothing is made that it does not take: 200 MB would be."""
    one, _ = start(site, "/wire/stream/flood/slow/")
    made = Path(folder, "slow-made")
    before = -1
    while before != made.stat().st_size:  # as long as more is made
        before = made.stat().st_size
        time.sleep(1)
    assert not Path(folder, "slow-closed").exists()
    one.close()
    wait_for_mark(folder, "slow-closed")


def test_a_large_file_takes_no_memory(site):
    def peak():
        return httpx.get(f"{site.url}/wire/memory/").json()["peak"]

    before, size = peak(), 0
    url = f"{site.url}/wire/download/200/"
    with httpx.stream("GET", url, timeout=PATIENCE) as answer:
        for part in answer.iter_raw():
            size += len(part)
    assert size == 200 * 1024 * 1024
    assert peak() - before < 50_000  # KiB


def test_head_has_no_stream(site, folder):
    answer = httpx.head(f"{site.url}/wire/stream/parts/head/")
    assert (answer.status_code, answer.content) == (200, b"")
    wait_for_mark(folder, "head-finished")


def test_one_that_breaks_does_not_look_complete(site):
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{site.url}/wire/stream/failing/x/")
    wait_until(lambda: "stream_failed" in site.log.read_text())


def connections_of(site):
    url = site.environment["DATABASE_URL"]
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as own:
        (count,) = own.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    return count


def test_a_stream_that_waits_holds_no_database_connection(site, folder):
    with contextlib.ExitStack() as open_ones:
        for number in range(STREAMS):
            one, head = start(site, f"/wire/stream/counted/wait-{number}/")
            open_ones.enter_context(one)
            # The part itself comes after what the stream asked the database.
            while b"5\n" not in head:
                head += one.recv(100)
        # Those of the eight threads of requests, of the worker and of the launcher.
        assert connections_of(site) < STREAMS
        for number in range(STREAMS):
            Path(folder, f"wait-{number}-go").touch()
        for number in range(STREAMS):
            wait_for_mark(folder, f"wait-{number}-finished")


def test_a_cursor_stays_open_over_many_parts(site):
    text = httpx.get(f"{site.url}/wire/stream/rows/x/").text
    assert text.splitlines() == [f"row-{number}@example.org" for number in range(5)]


def test_the_export_streams(site):
    with httpx.Client(base_url=site.url, timeout=PATIENCE) as browser:
        browser.get("/accounts/login/")
        form = {"login": "row-0@example.org", "password": "correct horse battery"}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post("/accounts/login/", data=form).status_code == 302
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post("/accounts/export/", data=form)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers
    assert json.loads(answer.text)["person"]["email"] == "row-0@example.org"


def test_a_stop_ends_streams(own_site, tmp_path):
    beats, _ = start(own_site, "/wire/stream/beats/stop/")
    waits, _ = start(own_site, "/wire/stream/async/wait/")
    own_site.process.send_signal(signal.SIGTERM)
    assert not read_to_the_end(beats).endswith(b"0\r\n\r\n")  # cut off, not complete
    assert not read_to_the_end(waits).endswith(b"0\r\n\r\n")
    assert own_site.process.wait(PATIENCE) == 0
    # Killed ones would not have been closed.
    assert Path(tmp_path, "stop-closed").exists()
    assert Path(tmp_path, "wait-closed").exists()


def is_running(pid):
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks the kernel of Linux")
def test_nothing_is_left_of_a_launcher_that_was_killed(own_site):
    pids = descendants(own_site.process.pid)
    assert len(pids) >= 3  # the server, its worker, the mail worker
    os.kill(own_site.process.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, pids)))
