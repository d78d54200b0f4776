"""A mail server that keeps what it is given: the part of SMTP that smtplib speaks."""

from __future__ import annotations

import contextlib
import email
import socketserver
import threading
from email import policy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


class Session(socketserver.StreamRequestHandler):
    """One client."""

    server: MailServer

    def handle(self) -> None:
        """Says yes to everything."""
        self._say(220)
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(354)
                self.server.raw.append(self._data())
            self._say(221 if verb == b"QUIT" else 250)
            if verb == b"QUIT":
                return

    def _data(self) -> bytes:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, code: int) -> None:
        self.wfile.write(b"%d ok\r\n" % code)


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on a port of its own."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.port = self.server_address[1]
        self.raw: list[bytes] = []

    @property
    def mails(self) -> list[EmailMessage]:
        """What came, parsed."""
        return [
            email.message_from_bytes(one, policy=policy.default) for one in self.raw
        ]


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """One, for as long as the context lasts."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
