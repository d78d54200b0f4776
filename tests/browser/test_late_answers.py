"""A slow network: what was asked before a sign-in is answered after it.

The page asks for a passkey's challenge, and the answer brings an anonymous session.
Come late, it would take the place of the session that the sign-in brought.
"""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.browser.checks import PASSWORD

CHALLENGE, SIGN_IN, NEXT = (
    ("GET", "/accounts/2fa/webauthn/login/"),
    ("POST", "/accounts/login/"),
    ("GET", "/dashboard/"),
)
#: Each is asked of the site at once, and answered when the one before was.
ORDER = [SIGN_IN, CHALLENGE, NEXT]
PATIENCE = 3  # seconds; an answer that nobody waits for any more does not block
KEPT = {"connection", "keep-alive", "proxy-connection", "transfer-encoding"}


class Late(BaseHTTPRequestHandler):
    """A forward proxy that gives some answers in another order."""

    def forward(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in KEPT}
        site = http.client.HTTPConnection(url.netloc)
        query = f"?{url.query}" if url.query else ""
        site.request(self.command, url.path + query, body, headers)
        answer = site.getresponse()
        content = answer.read()
        gates, one = self.server.gates, (self.command, url.path)
        if one in gates:
            before = ORDER.index(one) - 1
            if one == CHALLENGE:
                self.server.asked.set()
            if before >= 0:
                gates[ORDER[before]].wait(PATIENCE)
        try:
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*KEPT, "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:
            pass  # the browser no longer waits for it
        if one in gates:
            threading.Timer(0.2, gates[one].set).start()

    do_GET = do_POST = forward  # noqa: N815

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture
def late(browser_process):
    """A page of a browser behind that proxy; which is at `.server`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        server.gates = {one: threading.Event() for one in ORDER}
        server.asked = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = {"server": f"http://127.0.0.1:{server.server_port}"}
        context = browser_process.new_context(locale="en-GB", proxy=proxy)
        page = context.new_page()
        page.server = server
        yield page
        context.close()
        server.shutdown()


def test_a_late_challenge_does_not_sign_one_out(late, site):
    site.make_person("late@example.org", PASSWORD)
    late.goto(site.url + "/accounts/login/", wait_until="domcontentloaded")
    assert late.server.asked.wait(5)
    late.fill("#id_login", "late@example.org")
    late.fill("#id_password", PASSWORD)
    late.press("#id_password", "Enter")
    late.wait_for_url("**/dashboard/")
    assert late.server.gates[CHALLENGE].is_set()
    late.goto(site.url + "/profile/")
    assert urlsplit(late.url).path == "/profile/"
