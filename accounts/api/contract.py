"""One operation's contract, and how it stands in OpenAPI: errors, headers, examples."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from typing import Any

from accounts.api.errors import CONTENT_TYPE
from accounts.api.problems import PROBLEMS, Problem
from accounts.tokens.families import EXPIRED
from accounts.tokens.revoke import Reason

#: What any call can be answered.
ALWAYS = ("invalid_address", "method_not_allowed", "unavailable")
BY_DOOR = ("permission_denied",)
#: What a call with a body can be answered.
BODY = ("parse_error", "payload_too_large", "unsupported_media_type", "throttled")
FIELDS = (*BODY, "invalid")
NO_STORE = "NoStore"
#: The names of components/headers by their headers' own names.
HEADERS = {
    "X-Request-ID": "RequestID",
    "WWW-Authenticate": "Challenge",
    "Retry-After": "RetryAfter",
    "Allow": "Allow",
}
#: What some problems' bodies hold besides a problem's own members.
MEMBERS: dict[str, dict[str, Any]] = {
    "pending_token": {
        "type": "string",
        "description": "Names the sign-in that waits for its next step.",
    },
    "factors": {
        "type": "array",
        "items": {"type": "string"},
        "description": "The kinds of second factor that this person has.",
    },
    "enrol_url": {
        "type": "string",
        "format": "uri",
        "description": "The page where a second step is set up.",
    },
    "reason": {
        "type": "string",
        "enum": [*Reason.values, EXPIRED],
        "description": "Why the sign-in was ended.",
    },
    "acr_values": {"type": "string", "enum": ["aal1", "aal2"]},
    "max_age": {
        "type": "integer",
        "minimum": 0,
        "description": "How many seconds ago the last proof may have been.",
    },
    "errors": {"$ref": "#/components/schemas/FieldErrors"},
}


@dataclass(frozen=True)
class Ask:
    """An example of a request and what it is answered."""

    name: str
    summary: str
    body: dict[str, Any]
    status: int = 200
    code: str = ""

    @property
    def shown(self) -> dict[str, Any]:
        """An Example Object; its summary ends in the answer: (401 mfa_required)."""
        answer = f"{self.status} {self.code}".strip()
        return {"summary": f"{self.summary} ({answer})", "value": self.body}


@dataclass(frozen=True)
class Contract:
    """What an operation answers. `problems` are names of accounts.api.problems."""

    name: str
    problems: tuple[str, ...]
    example: Any
    media_type: str = "application/json"
    asks: tuple[Ask, ...] = ()
    #: Where an answer may be kept, the value of Cache-Control; it then has an ETag.
    cached: str = ""
    #: Whether authsite.door serves it, which refuses plain http; the page chain
    #: redirects it instead.
    by_door: bool = True

    def complete(self, operation: dict[str, Any]) -> None:
        """Put into an operation all that the schema's generator does not know."""
        operation["operationId"] = self.name
        answers = operation["responses"]
        answers["200"] |= {"description": "OK.", "headers": self._headers(kept=True)}
        answers["200"]["content"][self.media_type]["example"] = self.example
        if self.cached:
            answers["304"] = {
                "description": "It is still the one that If-None-Match names.",
                "headers": self._headers(kept=True),
            }
        if self.asks:
            body = operation["requestBody"]["content"]["application/json"]
            body["examples"] = {ask.name: ask.shown for ask in self.asks}
        names = {*self.problems, *ALWAYS, *(BY_DOOR if self.by_door else ())}
        found = [one for name, one in PROBLEMS.items() if name in names]
        for status, several in groupby(found, key=lambda one: one.status):
            answers[str(status)] = self._refusal(status, list(several))

    def _headers(self, *more: str, kept: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {"Cache-Control": reference("headers", NO_STORE)}
        if kept and self.cached:
            said = {"type": "string", "const": self.cached}
            found["Cache-Control"] = {"required": True, "schema": said}
            found["ETag"] = reference("headers", "ETag")
        names = ("X-Request-ID", *more)
        return found | {name: reference("headers", HEADERS[name]) for name in names}

    def _refusal(self, status: int, problems: list[Problem]) -> dict[str, Any]:
        examples = {
            one.name: {"summary": one.when, "value": one.example} for one in problems
        }
        lines = [f"* `{one.code}`: {one.when}" for one in problems]
        content = {"schema": body(status, problems), "examples": examples}
        return {
            "description": "\n".join([f"{HTTPStatus(status).phrase}.", "", *lines]),
            "headers": self._headers(*problems[0].headers),
            "content": {CONTENT_TYPE: content},
        }


def reference(kind: str, name: str) -> dict[str, str]:
    """A Reference Object."""
    return {"$ref": f"#/components/{kind}/{name}"}


def body(status: int, problems: list[Problem]) -> dict[str, Any]:
    """The schema of a problem that has this status and one of these codes."""
    members: dict[str, Any] = {
        "status": {"const": status},
        "code": {"enum": list(dict.fromkeys(one.code for one in problems))},
    }
    extra = {name for one in problems for name in one.members}
    members |= {name: MEMBERS[name] for name in MEMBERS if name in extra}
    return {
        "allOf": [
            reference("schemas", "Problem"),
            {"type": "object", "properties": members},
        ]
    }
