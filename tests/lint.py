"""`make lint`: all checks that run no test; each is shown, and all are run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
#: Settings as production has them, with nothing behind them.
PRODUCTION = {
    "ENV_FILE": "",
    "AUTH_SECRET": "q7Vd2-for-checks-alone-Xb0zR5m1Kc8Jt4Wg6Yn3Hs9Lp-Ae",
    "SITE_URL": "https://id.example.com",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DATABASE_URL": "sqlite://:memory:",
    "CACHE_URL": "redis://cache.example.com:6379/0",
    "WEB_CONCURRENCY": "2",
    "TRUSTED_PROXY_COUNT": "1",
    "DJANGO_SETTINGS_MODULE": "authsite.settings",
}
MANAGE = [sys.executable, "manage.py"]
CHECKS = {
    "ruff check": [str(BIN / "ruff"), "check", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "."],
    "mypy": [str(BIN / "mypy")],
    "import contracts": [str(BIN / "lint-imports"), "--no-logo"],
    "deployment checks": [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
}


def main() -> int:
    """0 when all hold."""
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **PRODUCTION},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        sys.stdout.write(f"{'FAILED' if done.returncode else 'ok':7}{name}\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(done.stdout + done.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
