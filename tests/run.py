"""`make test`: the whole suite on PostgreSQL and Valkey, then the flows on SQLite.

What it needs it starts itself, once for both runs; the closing lines say what ran on
what. `--long` sets the full counts of races, kills and inputs. Other arguments go to
pytest.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.services import browser, postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
LONG = "--long"


def main(arguments: list[str]) -> int:
    """The worse of the two exit codes."""
    began = time.monotonic()
    database, cache = postgres.server(), valkey.server()
    chromium = browser.told()
    common = {**os.environ, "AUTHSITE_TEST_LONG": "1" if LONG in arguments else ""}
    more = [argument for argument in arguments if argument != LONG]
    on_postgres = run(
        ["tests", *more],
        {**common, "DATABASE_URL": database.url, "CACHE_URL": cache.url},
    )
    file = ROOT / "var" / "test.sqlite3"
    file.parent.mkdir(exist_ok=True)
    on_sqlite = run(
        ["tests/flows", *more], {**common, "DATABASE_URL": f"sqlite:///{file}"}
    )
    words = {0: "passed"}
    counts = ", full counts" if LONG in arguments else ""
    sys.stdout.write(
        f"\nsuite  {words.get(on_postgres, 'FAILED')}: "
        f"{database.told}, {cache.told}, {chromium}\n"
        f"flows  {words.get(on_sqlite, 'FAILED')}: "
        f"SQLite {sqlite3.sqlite_version}, a cache in the process\n"
        f"in {time.monotonic() - began:.0f} s{counts}\n"
    )
    return on_postgres or on_sqlite


def run(what: list[str], environment: dict[str, str]) -> int:
    """One pytest in this environment; returns its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", *what]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
