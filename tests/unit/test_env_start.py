"""Which file each entry point reads, and how each refuses: as processes on a copy."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from authsite.development import move_former, site_url
from tests.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START = 90  # seconds
SECRET = "hunter2-" + "s" * 40
FORMER = (
    "# For development. Every variable: .env.example\n"
    "DEBUG=true\n"
    f"AUTH_SECRET={'f' * 64}\n"
)
PRODUCTION = {
    "AUTH_SECRET": SECRET,
    "SITE_URL": "http://localhost:8000",
    "EMAIL_URL": "consolemail://",
}
SHOW = (
    "from django.conf import settings as s; import json;"
    "print(json.dumps([s.DEBUG, s.SECRET_KEY, s.SITE_URL]))"
)


class Copy:
    """The project in a folder of its own, whose env files are nobody else's."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(
            ROOT / "authsite",
            folder / "authsite",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        shutil.copy(ROOT / "manage.py", folder)
        for name in ("accounts", "templates", "locale", "tests"):
            (folder / name).symlink_to(ROOT / name)
        self.env, self.development = folder / ".env", folder / ".env.development"

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, *arguments, **environment):
        """Exit code, stdout and stderr of a process that ends."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err
        return process.returncode, out, err

    def settings(self, **environment):
        """What manage.py reads: DEBUG, secret and address; and what it says."""
        code, out, err = self.finish(
            *("manage.py", "shell", "--no-imports", "-v0", "-c", SHOW), **environment
        )
        assert code == 0, err
        return json.loads(out), err

    def serve(self, **environment):
        return self.finish("-m", "authsite.launch", "serve", **environment)


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def test_manage_py_reads_development_settings_only_when_nothing_else_is_set(copy):
    copy.development.write_text(f"DEBUG=true\nAUTH_SECRET={'d' * 64}\n")
    [debug, secret, url], told = copy.settings()
    assert [debug, secret, url] == [True, "d" * 64, "http://localhost:8000"]
    assert told == (
        "Neither AUTH_SECRET nor SITE_URL is set: using .env.development.\n"
    )
    # the environment sets one of them: production, with what .env adds
    copy.env.write_text("EMAIL_URL=consolemail://\nSITE_URL=https://id.example.com\n")
    settings, told = copy.settings(AUTH_SECRET=SECRET)
    assert settings == [False, SECRET, "https://id.example.com"]
    assert told == ""
    # .env alone sets one
    code, _, told = copy.finish("manage.py", "check")
    assert code == 1
    assert told.startswith("AUTH_SECRET: is missing")
    # none, and another
    code, _, told = copy.finish("manage.py", "check", ENV_FILE="")
    assert told.startswith("SITE_URL: is missing")
    other = copy.folder / "other"
    other.write_text(f"DEBUG=true\nAUTH_SECRET={'o' * 64}\nPORT=8123\n")
    settings, told = copy.settings(ENV_FILE=str(other))
    assert settings == [True, "o" * 64, "http://localhost:8123"]
    assert told == ""


@pytest.mark.parametrize("command", ["makemigrations", "demo", "doctor", "runserver"])
def test_a_fresh_clone_says_in_one_line_what_is_missing(copy, command):
    code, _, told = copy.finish("manage.py", command)
    assert code == 1
    assert re.fullmatch(r"SITE_URL: is missing: [^\n]*make run[^\n]*\n", told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "authsite.launch", "serve"),
        ("-m", "authsite.launch", "run"),
        ("manage.py", "check"),
    ],
)
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (f"A=1\nAUTH_SECRET: {SECRET}\n".encode(), ", line 2: AUTH_SECRET cannot be"),
        (f"A={SECRET}".encode("utf-16"), " is not UTF-8 text."),
    ],
)
def test_a_file_that_cannot_be_read_stops_every_entry_point(
    copy, arguments, data, said
):
    file = copy.development if "run" in arguments else copy.env
    file.write_bytes(data)
    code, out, told = copy.finish(*arguments)
    assert code == 1
    assert told.startswith(f"{file}{said}")
    assert told.count("\n") == 1
    assert SECRET[:7] not in out + told


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"DEBUG": "true"}, "DEBUG is on. "),
        ({"SITE_URL": "http://id.example.com"}, "SITE_URL is http, and not "),
        ({"SITE_URL": "https://id.example.com"}, "TRUSTED_PROXY_COUNT is 0, but "),
        ({"HOST": "workstation"}, "HOST: write an IP address"),
        ({"CACHE_URL": f"memcache://{SECRET}"}, "CACHE_URL: write one of redis://"),
        ({"AUTH_SECRET": ""}, "AUTH_SECRET: is missing"),
    ],
)
def test_serve_refuses_in_one_line(copy, changes, said):
    copy.development.write_text("not even a line that can be read\n")
    code, _, told = copy.serve(**{**PRODUCTION, **changes})
    assert code == 1
    assert told.startswith(said)
    assert told.count("\n") == 1
    assert SECRET[:7] not in told


def test_serve_refuses_debug_from_the_env_file(copy):
    lines = {**PRODUCTION, "DEBUG": "true"}
    copy.env.write_text("".join(f"{name}={lines[name]}\n" for name in lines))
    code, _, told = copy.serve()
    assert code == 1
    assert told.startswith("DEBUG is on. ")


def test_serve_moves_what_an_older_run_left_behind_and_reads_none_of_it(copy):
    copy.env.write_text(FORMER)
    code, _, told = copy.serve(DATABASE_URL="sqlite://:memory:", **PRODUCTION)
    assert told.startswith("Renamed .env, which an earlier make run wrote, to .env.dev")
    # it goes on to what production lacks: its tables
    assert "manage.py migrate" in told
    assert "DEBUG" not in told
    assert code == 1
    assert copy.development.read_text() == FORMER
    assert not copy.env.exists()
    _, told = copy.settings()
    assert "Renamed" not in told


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        (FORMER, True),
        (FORMER + "PORT=8123\n", False),
        (FORMER.replace("DEBUG=true", "DEBUG=false"), False),
        (FORMER.partition("\n")[2], False),
        (FORMER.replace("f" * 64, SECRET), False),
    ],
)
def test_only_what_an_older_run_wrote_is_moved(
    monkeypatch, capsys, tmp_path, text, moved
):
    former, development = tmp_path / ".env", tmp_path / ".env.development"
    monkeypatch.setattr("authsite.development.DOTENV", former)
    monkeypatch.setattr("authsite.development.DEVELOPMENT", development)
    former.write_text(text)
    move_former()
    assert development.exists() is moved
    assert former.exists() is not moved
    assert ("Renamed .env" in capsys.readouterr().err) is moved
    # never over a file that is there
    development.write_text("PORT=1\n")
    former.write_text(text)
    move_former()
    assert former.read_text() == text
    assert development.read_text() == "PORT=1\n"


def test_run_asks_to_rename_a_development_file_that_was_changed(copy):
    copy.env.write_text(FORMER + "PORT=8123\n")
    code, _, told = copy.finish("-m", "authsite.launch", "run")
    assert code == 1
    assert "mv .env .env.development" in told
    assert not copy.development.exists()


def run_until_ready(copy, **environment):
    process = copy.start("-m", "authsite.launch", "run", **environment)
    # One that never gets ready would keep us reading for ever.
    watchdog = threading.Timer(START, process.terminate)
    watchdog.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    watchdog.cancel()
    return process, "".join(lines)


def end(process):
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    return told


def test_run_makes_its_file_and_lets_nothing_of_production_in(copy):
    copy.env.write_text(f"AUTH_SECRET={SECRET}\nBRAND_NAME=Production\n")
    port = free_port()
    process, told = run_until_ready(copy, PORT=str(port))
    try:
        assert f"Authsite  http://localhost:{port}" in told
        assert stat.S_IMODE(copy.development.stat().st_mode) == 0o600
        text = copy.development.read_text()
        assert re.search(r"^DEBUG=true\nAUTH_SECRET=[\w-]{64}$", text, re.MULTILINE)
        page = httpx.get(f"http://localhost:{port}/accounts/login/").text
        assert "Production" not in page
        assert httpx.get(f"http://localhost:{port}/mailbox/").status_code == 200
    finally:
        said = end(process)
    assert "HOST=" not in said
    # a second start reads what is there
    process, _ = run_until_ready(copy, PORT=str(port))
    end(process)
    assert copy.development.read_text() == text


@pytest.mark.parametrize("host", ["0.0.0.0", "::1"])
def test_run_listens_where_host_says(copy, host):
    port = free_port()
    process, told = run_until_ready(copy, PORT=str(port), HOST=host)
    reached = {"0.0.0.0": "127.0.0.1", "::1": "[::1]"}[host]
    try:
        assert f"Authsite  http://localhost:{port}" in told
        page = httpx.get(f"http://{reached}:{port}/accounts/login/")
        assert page.status_code == 200
        policy = page.headers["Content-Security-Policy"]
        base = re.search(r"form-action 'self' (http://[^ ;]+)", policy)[1]
        found = httpx.get(f"{base}/google/.well-known/openid-configuration").json()
        assert found["issuer"] == f"{base}/google"
    finally:
        said = end(process)
    assert ("Warning: HOST=0.0.0.0 lets other machines in" in said) is (
        host == "0.0.0.0"
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("::", "http://localhost:8000"),
        ("127.0.0.2", "http://127.0.0.2:8000"),
        ("192.168.1.5", "http://192.168.1.5:8000"),
        ("2001:db8::1", "http://[2001:db8::1]:8000"),
    ],
)
def test_the_address_of_a_development_site_follows_host(host, url):
    assert site_url(host, 8000) == url
