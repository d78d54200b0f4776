"""`make test`: the whole suite on PostgreSQL and Valkey, and flows on SQLite.

Four tracks side by side, since most tests wait: the flows; what else runs in one
process; a browser; and what else runs as processes (services of others, races, faults).
Flows on SQLite follow in the track that is done first. What they need is started here,
once; the closing lines say what ran on what. `--long` sets the full counts of races,
kills and inputs, and runs all flows on SQLite. Other arguments go to pytest.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.services import browser, postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
LONG = "--long"
#: Which folders make a track; all others are the one called "suite".
TRACKS = {
    "flows": ("flows",),
    "browser": ("browser",),
    "processes": ("contract", "examples", "faults", "races"),
}
ON_SQLITE = "on SQLite"
#: The flows that lock, race and delete: what databases differ in. All with `--long`.
WRITES = (
    *("browser_sign_in", "api_sign_in", "refresh", "sign_in_by_code", "linking"),
    *("second_factors", "closing", "not_me", "devices", "prune", "key_rotation"),
    *("revocation_list", "statements"),
)
NOTHING_CHOSEN = 5  # pytest's exit code when -k or the like leaves no test


def main(arguments: list[str]) -> int:
    """The worst of the exit codes."""
    began = time.monotonic()
    database, cache = postgres.server(), valkey.server()
    chromium = browser.told()
    common = {**os.environ, "AUTHSITE_TEST_LONG": "1" if LONG in arguments else ""}
    more = [argument for argument in arguments if argument != LONG]
    file = ROOT / "var" / "test.sqlite3"
    file.parent.mkdir(exist_ok=True)
    folders = {p.parent.name for p in (ROOT / "tests").glob("*/__init__.py")}
    rest = sorted(folders.difference(*TRACKS.values()))

    def beside(number: int, name: str) -> dict[str, str]:
        return {
            **common,
            "DATABASE_URL": postgres.new_database(database.url, f"authsite_{name}"),
            # A database of the cache for each: tests empty the one that they use.
            "CACHE_URL": f"{cache.url.rpartition('/')[0]}/{number}",
        }

    jobs = {
        name: ([*(f"tests/{one}" for one in many), *more], beside(number, name))
        for number, (name, many) in enumerate({"suite": rest, **TRACKS}.items())
    }
    # When one of those above is done: more at once take longer than they save.
    on_file = {**common, "DATABASE_URL": f"sqlite:///{file}"}
    everything = LONG in arguments
    chosen = [f"tests/flows/test_{name}.py" for name in WRITES]
    jobs[ON_SQLITE] = ([*(["tests/flows"] if everything else chosen), *more], on_file)
    with ThreadPoolExecutor(len(jobs) - 1) as tracks, ExitStack() as files:
        # The first is read as it goes, the others when they are done.
        said = {
            name: files.enter_context(tempfile.TemporaryFile("w+"))
            for name in jobs
            if name != "suite"
        }
        running = {
            name: tracks.submit(run, what, environment, said.get(name))
            for name, (what, environment) in jobs.items()
        }
        codes = {name: track.result() for name, track in running.items()}
        for output in said.values():
            output.seek(0)
            sys.stdout.write(output.read())
    counts = ", full counts" if LONG in arguments else ""
    on_servers = f"{database.told}, {cache.told}"
    told = dict.fromkeys(codes, on_servers)
    told["browser"] += f", {chromium}"
    told[ON_SQLITE] = f"SQLite {sqlite3.sqlite_version}, a cache in the process"
    for name, code in codes.items():
        sys.stdout.write(f"{name:10} {word(code)}: {told[name]}\n")
    sys.stdout.write(f"in {time.monotonic() - began:.0f} s{counts}\n")
    return verdict(list(codes.values()))


def verdict(codes: list[int]) -> int:
    """0 when each track passed, and at least one had something to do."""
    wrong = [code for code in codes if code not in {0, NOTHING_CHOSEN}]
    return wrong[0] if wrong else min(codes)


def word(code: int) -> str:
    """An exit code in the closing lines."""
    return {0: "passed", NOTHING_CHOSEN: "nothing"}.get(code, "FAILED")


def run(what: list[str], environment: dict[str, str], output: object = None) -> int:
    """One pytest in this environment; returns its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "--durations=8", *what]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=output, stderr=output
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
