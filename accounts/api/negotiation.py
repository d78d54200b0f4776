"""JSON in, JSON out, and nothing to negotiate: the API speaks one language."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

if TYPE_CHECKING:
    from collections.abc import Mapping


class JSONRenderer(BaseRenderer):
    """application/json by orjson."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Bytes; nothing for an answer without a body."""
        return b"" if data is None else orjson.dumps(data, default=str)


class JSONParser(BaseParser):
    """A JSON object. Depth, size, repeated names and odd letters: authsite.bounds."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The object. Raises ParseError (400)."""
        try:
            data = json.loads(stream.read())
        except (ValueError, RecursionError):
            detail = "The body is not valid JSON."
            raise ParseError(detail) from None
        if not isinstance(data, dict):
            detail = "The body must be a JSON object."
            raise ParseError(detail)
        return data
