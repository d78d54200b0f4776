"""HTTP: a request is read, given to its provider, and answered."""

from __future__ import annotations

import base64
import binascii
import json
import socket
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

LARGEST = 64 * 1024


@dataclass
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: Any

    @property
    def bearer(self) -> str:
        """The access token, by either scheme that GitHub takes."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme.lower() in {"bearer", "token"} else ""

    @property
    def client(self) -> tuple[str, str]:
        """Id and secret: from the form, or by HTTP Basic (RFC 6749, 2.3.1)."""
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                pair = base64.b64decode(text).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return "", ""
            return unquote(pair[0]), unquote(pair[2])
        return self.form.get("client_id", ""), self.form.get("client_secret", "")


@dataclass
class Answer:
    """What is answered."""

    body: str = ""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def as_json(data: Any, status: int = 200) -> Answer:
    """JSON."""
    return Answer(json.dumps(data), status, "application/json; charset=utf-8")


def as_form(data: dict[str, Any]) -> Answer:
    """As GitHub answers whoever does not ask for JSON."""
    return Answer(urlencode(data), 200, "application/x-www-form-urlencoded")


def redirect(url: str, params: dict[str, str]) -> Answer:
    """Back to the site; what its URL has already stays."""
    glue = "&" if "?" in url else "?"
    return Answer(status=302, headers={"Location": url + glue + urlencode(params)})


class Server(ThreadingHTTPServer):
    """Listens at one IP address, by default for this machine only.

    `name` is the host that browsers and the site use. Threads end with the server.
    """

    daemon_threads = True

    def __init__(self, port: int, host: str = "127.0.0.1", name: str = "") -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        name = name or host
        named = f"[{name}]" if ":" in name else name
        self.url = f"http://{named}:{self.server_port}"
        self.providers: dict[str, Any] = {}


class Handler(BaseHTTPRequestHandler):
    """GET and POST."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST:
            self.send_error(413)
            return
        text = self.rfile.read(length).decode("utf-8", "replace")
        self._answer(dict(parse_qsl(text, keep_blank_values=True)))

    def _answer(self, form: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        _, name, *rest = parts.path.split("/", 2)
        provider = self.server.providers.get(name)
        request = Request(
            self.command,
            "/" + "".join(rest),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            form,
            self.headers,
        )
        answer = provider.handle(request) if provider else Answer("Nothing here.", 404)
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Quiet: URLs hold codes."""
