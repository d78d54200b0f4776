"""Writes access_tokens.json: `python -m tests.vectors.make_access_tokens`.

The same bytes each time: the keys are fixed and all three algorithms are deterministic.
It knows nothing of Authsite's own code, so that it is a second opinion on it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.vectors.cases import (
    claims,
    forms,
    headers,
    keys,
    lists,
    signatures,
    step_up,
)
from tests.vectors.encoding import AUDIENCE, ISSUER, NOW
from tests.vectors.keys import PUBLISHED

FILE = Path(__file__).with_name("access_tokens.json")
COMMENT = (
    "What every verifier of Authsite's access tokens takes and refuses at the time "
    "`now`. Made by tests/vectors/make_access_tokens.py; the keys are for tests alone. "
    "See README.md."
)


def document() -> dict[str, Any]:
    """The vectors."""
    tokens = [
        *claims.cases(),
        *headers.cases(),
        *keys.cases(),
        *forms.cases(),
        *signatures.cases(),
        *step_up.tokens(),
    ]
    return {
        "comment": COMMENT,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "now": NOW,
        "leeway": 0,
        "jwks": {"keys": [key.jwk for key in PUBLISHED]},
        "revocations": lists.held(),
        "tokens": tokens,
        "lists": lists.cases(),
        "step_up": step_up.cases(),
    }


def text() -> str:
    """The file's whole text, in ASCII."""
    return json.dumps(document(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="ascii")
