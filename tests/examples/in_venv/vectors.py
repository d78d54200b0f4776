"""Run by an example's Python: what its verifier says of each shared vector, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import httpx
from authsite_verifier import (
    AccessError,
    Clock,
    InsufficientAuthentication,
    Settings,
    Unavailable,
    Verifier,
)

vectors = json.loads(Path(sys.argv[1]).read_text())
issuer = vectors["issuer"]
settings = Settings.read(
    {
        "AUTH_ISSUER": issuer,
        "AUTH_AUDIENCE": vectors["audience"],
        "AUTH_LEEWAY": str(vectors["leeway"]),
    }
)
clock = Clock(wall=lambda: vectors["now"])


def verifier(listed):
    """One whose issuer answers with the keys of the vectors and with this list."""

    def answer(request):
        if request.url.path.endswith("jwks.json"):
            return httpx.Response(200, json=vectors["jwks"])
        return httpx.Response(200, content=listed.encode())

    return Verifier(settings, clock=clock, transport=httpx.MockTransport(answer))


def code_of(verify, token):
    """ "ok", or the code of the refusal."""
    try:
        verify(token)
    except AccessError as error:
        return error.code
    return "ok"


def main():
    """Prints {"tokens": {name: codes}, "lists": {name: believed}, "step_up": …}."""
    good = verifier(vectors["revocations"])
    tokens = {one["name"]: one["token"] for one in vectors["tokens"]}
    # Twice: the second time it may be remembered.
    told = {
        name: [code_of(good.verify, t) for _ in (1, 2)] for name, t in tokens.items()
    }
    lists = {}
    for one in vectors["lists"]:
        judge = verifier(one["list"])
        try:
            judge.verify(tokens["valid-es256"])
            believed = True
        except Unavailable:
            believed = False
        judge.stop()
        lists[one["name"]] = believed
    step_up = {}
    for one in vectors["step_up"]:
        claims = good.verify(tokens[one["token"]])
        try:
            good.require_recent(claims, max_age=one["max_age"], acr=one["acr"])
            satisfied = True
        except InsufficientAuthentication:
            satisfied = False
        step_up[one["name"]] = satisfied
    print(json.dumps({"tokens": told, "lists": lists, "step_up": step_up}))


main()
