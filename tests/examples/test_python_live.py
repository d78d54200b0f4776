"""The Python services and the real site: a ban, and a step-up."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time

import httpx

from tests.examples.proofs import prove_again
from tests.examples.tools import (
    PASSWORD,
    answers,
    challenged,
    recent,
    refused,
    wait_for,
)

SERVICES = ("fastapi_service", "drf_service")


@contextlib.contextmanager
def counted(site):
    """A door before the site that counts who comes; yields its URL and the paths."""
    seen = []

    class Door(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.append(self.path)
            kept = {"if-none-match", "x-service-name", "accept-encoding"}
            headers = {k: v for k, v in self.headers.items() if k.lower() in kept}
            answer = httpx.get(f"{site.url}{self.path}", headers=headers)
            self.send_response(answer.status_code)
            for name in ("content-type", "etag", "cache-control"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            if answer.status_code != 304:
                self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *args):
            pass

    door = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.server_port}", seen
    finally:
        door.shutdown()
        door.server_close()


def sign_in(site, email):
    answer = httpx.post(
        f"{site.url}/api/token/", json={"email": email, "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_ban_is_known_within_three_seconds_and_nobody_is_asked_per_request(
    installed, site
):
    site.make_person("banned@example.org", PASSWORD)
    with contextlib.ExitStack() as stack:
        door, seen = stack.enter_context(counted(site))
        where = {
            "AUTH_JWKS_URL": f"{door}/.well-known/jwks.json",
            "AUTH_REVOCATIONS_URL": f"{door}/api/revocations/",
        }
        urls = [
            stack.enter_context(installed(name).running(site.url, site.url, **where))
            for name in SERVICES
        ]
        token = sign_in(site, "banned@example.org")["access"]
        started, before = time.monotonic(), len(seen)
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
            for url in urls:
                for _ in range(200):
                    assert client.get(f"{url}/protected-route").status_code == 200
        # One poll a second from each, and their first keys; not one for each request.
        seconds = time.monotonic() - started
        assert len(seen) - before <= len(urls) * (seconds + 1) + len(urls)
        assert seen.count("/.well-known/jwks.json") == len(urls)
        banned_at = site.run(
            "import time\n"
            "from accounts.admin_actions import GUARDED\n"
            "from accounts.models import User\n"
            "(deactivate,) = (one for one in GUARDED if one.name == 'deactivate')\n"
            "deactivate.apply(User.objects.get(email='banned@example.org'))\n"
            "print(time.time())\n"
        )
        for url in urls:
            answer = wait_for(lambda url=url: answers(url, token, 401), 5)
            assert time.time() - banned_at < 3
            refused(answer, "ended", "token_revoked")


def test_a_recent_proof_over_the_wire(installed, site):
    email = "step-up@example.org"
    site.make_person(email, PASSWORD)
    with contextlib.ExitStack() as stack:
        urls = [
            stack.enter_context(installed(name).running(site.url, site.url))
            for name in SERVICES
        ]
        pair = sign_in(site, email)
        for url in urls:
            members = challenged(recent(url, pair["access"]))
            assert (members["acr_values"], members["max_age"]) == ("aal2", "300")
        again = prove_again(site, email, pair)
        for url in urls:
            assert recent(url, again["access"]).json() == {"message": f"Hello {email}"}
            # The token in hand says what it said.
            assert challenged(recent(url, pair["access"]))
