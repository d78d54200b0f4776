"""Run by an example's Python: which Wycheproof cases its JWK and JWS core accepts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from authsite_verifier.errors import InvalidToken
from authsite_verifier.jwk import read_keys
from authsite_verifier.jws import check_signature, parse


def accepts(group, jws):
    """Whether the keys of a group, as an issuer would publish them, take this."""
    published = group.get("public") or group["private"]
    if "keys" not in published:
        published = {"keys": [published]}
    try:
        keys = read_keys(json.dumps(published).encode())
        token = parse(jws if isinstance(jws, str) else json.dumps(jws))
        check_signature(token, keys[token.kid])
    except (ValueError, KeyError, InvalidToken):
        return False
    return True


accepted = {}
for path in map(Path, sys.argv[1:]):
    for group in json.loads(path.read_text())["testGroups"]:
        for case in group["tests"]:
            accepted[f"{path.stem}-{case['tcId']}"] = accepts(group, case["jws"])
print(json.dumps(accepted))
