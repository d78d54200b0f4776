"""One process with both: python -m tests.standins --port 9001 --client demo=SITE."""

from __future__ import annotations

import argparse
import os
import sys

from tests.standins.github import GitHub
from tests.standins.google import Google
from tests.standins.server import Server
from tests.standins.store import Client

#: Where the site takes people back, below its own address. Google's wire is that of any
#: OpenID Connect provider too.
CALLBACKS = {
    "google": (
        "/accounts/google/login/callback/",
        "/accounts/oidc/oidc/login/callback/",
    ),
    "github": ("/accounts/github/login/callback/",),
}
SECRET = "STANDINS_SECRET"


def main(arguments: list[str]) -> None:
    """Serve until killed; prints the address when it chose the port."""
    parser = argparse.ArgumentParser(prog="tests.standins", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--host", default="127.0.0.1", help="an IP address")
    parser.add_argument("--name", default="", help="what others call that host")
    parser.add_argument(
        "--client",
        action="append",
        default=[],
        metavar="ID=SITE[,SITE…]",
        help=f"a client and its sites; its secret is {SECRET} of the environment",
    )
    parser.add_argument("--slow", type=float, default=8, help="seconds that slow takes")
    options = parser.parse_args(arguments)
    server = Server(options.port, options.host, options.name)
    providers = [
        kind(f"{server.url}/{kind.name}", options.slow) for kind in (Google, GitHub)
    ]
    for text in options.client:
        client_id, _, sites = text.partition("=")
        for provider in providers:
            paths = CALLBACKS[provider.name]
            uris = [site + path for site in sites.split(",") for path in paths]
            provider.add_client(Client(client_id, os.environ[SECRET], uris))
    server.providers = {provider.name: provider for provider in providers}
    if not options.port:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
