"""`make test`: the whole suite on PostgreSQL and Valkey, and the flows on SQLite.

Two tracks side by side, since most tests of processes wait: what runs in one process,
then the same flows on SQLite; and what runs as processes (browser, services of others,
races, faults). What they need is started here, once; the closing lines say what ran on
what. `--long` sets the full counts of races, kills and inputs. Other arguments go to
pytest.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.services import browser, postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
LONG = "--long"
#: Folders whose tests start servers; all others are the first track.
AS_PROCESSES = ("browser", "contract", "examples", "faults", "races")
NOTHING_CHOSEN = 5  # pytest's exit code when -k or the like leaves no test


def main(arguments: list[str]) -> int:
    """The worst of the exit codes."""
    began = time.monotonic()
    database, cache = postgres.server(), valkey.server()
    chromium = browser.told()
    common = {**os.environ, "AUTHSITE_TEST_LONG": "1" if LONG in arguments else ""}
    more = [argument for argument in arguments if argument != LONG]
    ours = {**common, "DATABASE_URL": database.url, "CACHE_URL": cache.url}
    theirs = {
        **common,
        "DATABASE_URL": postgres.new_database(database.url, "authsite_processes"),
        # Another of its databases: tests empty the one that they use.
        "CACHE_URL": f"{cache.url.rpartition('/')[0]}/1",
    }
    file = ROOT / "var" / "test.sqlite3"
    file.parent.mkdir(exist_ok=True)
    on_file = {**common, "DATABASE_URL": f"sqlite:///{file}"}
    folders = sorted(p.parent.name for p in (ROOT / "tests").glob("*/__init__.py"))
    one = [f"tests/{name}" for name in folders if name not in AS_PROCESSES]
    many = [f"tests/{name}" for name in AS_PROCESSES]
    with ThreadPoolExecutor(1) as beside, tempfile.TemporaryFile("w+") as said:
        processes = beside.submit(run, [*many, *more], theirs, said)
        codes = [run([*one, *more], ours), run(["tests/flows", *more], on_file)]
        codes.insert(1, processes.result())
        said.seek(0)
        sys.stdout.write(said.read())
    counts = ", full counts" if LONG in arguments else ""
    on_servers = f"{database.told}, {cache.told}"
    sys.stdout.write(
        f"\nsuite      {word(codes[0])}: {on_servers}\n"
        f"processes  {word(codes[1])}: {on_servers}, {chromium}\n"
        f"flows      {word(codes[2])}: SQLite {sqlite3.sqlite_version}, "
        f"a cache in the process\nin {time.monotonic() - began:.0f} s{counts}\n"
    )
    return verdict(codes)


def verdict(codes: list[int]) -> int:
    """0 when each track passed, and at least one had something to do."""
    wrong = [code for code in codes if code not in {0, NOTHING_CHOSEN}]
    return wrong[0] if wrong else min(codes)


def word(code: int) -> str:
    """An exit code in the closing lines."""
    return {0: "passed", NOTHING_CHOSEN: "nothing"}.get(code, "FAILED")


def run(what: list[str], environment: dict[str, str], output: object = None) -> int:
    """One pytest in this environment; returns its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", *what]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=output, stderr=output
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
