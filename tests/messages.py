"""`make messages`: bring locale/ in step with the code. A second run changes nothing.

docs/languages.md tells what to do with what it finds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.lint import PRODUCTION

ROOT = Path(__file__).resolve().parent.parent
#: Not ours, or for people who read English: tests, examples, what make leaves.
IGNORED = (".venv", "examples", "tests", "var")
#: No places and no wrapped lines, so that a change shows alone in a diff.
COLLECT = [
    *("makemessages", "--all", "--verbosity", "0"),
    *("--no-location", "--no-obsolete", "--no-wrap", "--extension", "html,txt,py"),
    *(f"--ignore={name}" for name in IGNORED),
]
COMPILE = ["compilemessages", "--verbosity", "0", "--ignore=.venv"]


def main(root: Path) -> int:
    """0 when every catalogue was collected and compiled."""
    for catalogue in root.glob("locale/*/LC_MESSAGES/django.po"):
        # A .mo is made again when it is older, and git keeps no times.
        catalogue.with_suffix(".mo").unlink(missing_ok=True)
    for command in (COLLECT, COMPILE):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=root, env={**os.environ, **PRODUCTION}, check=False,
        )  # fmt: skip
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(ROOT))
