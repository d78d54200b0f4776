"""The providers of `make run` when none is configured: stand-ins on this machine."""

from __future__ import annotations

import secrets
import socket
import sys
from ipaddress import ip_address
from urllib.parse import urlsplit

from accounts.policy.development import is_loopback
from authsite.development import site_url
from authsite.env import env, provide
from authsite.origins import bracketed

MODULE = "tests.standins"
LOCAL = "127.0.0.1"
#: Any of these means that somebody has chosen providers.
CHOSEN = (
    *("GOOGLE_CLIENT_ID", "GITHUB_CLIENT_ID", "OIDC_CLIENT_ID"),
    *("GOOGLE_BASE_URL", "GITHUB_BASE_URL", "OIDC_SERVER_URL"),
)


def offer() -> dict[str, list[str]]:
    """In DEBUG without any provider: the command that starts them, else nothing.

    Names them in this process's environment, where settings and children find them.
    Raises ImproperlyConfigured for a value that cannot be read.
    """
    if not env.boolean("DEBUG", default=False) or any(env.text(n) for n in CHOSEN):
        return {}
    host, port, secret = env.address("HOST", LOCAL), free_port(), secrets.token_hex()
    listens = LOCAL if is_loopback(host) else host
    name = listens
    if ip_address(listens).is_unspecified:
        # Browsers elsewhere find it where they find the site.
        name = urlsplit(sites()[-1]).hostname or LOCAL
    values = {"STANDINS_SECRET": secret}
    for provider in ("google", "github"):
        prefix = provider.upper()
        values |= {
            f"{prefix}_CLIENT_ID": "demo",
            f"{prefix}_CLIENT_SECRET": secret,
            f"{prefix}_BASE_URL": f"http://{bracketed(name)}:{port}/{provider}",
        }
    provide(values)
    client = f"demo={','.join(sites())}"
    return {
        "stand-ins": [
            *(sys.executable, "-m", MODULE, "--port", str(port)),
            *("--host", listens, "--name", name, "--client", client),
        ]
    }


def sites() -> list[str]:
    """Every address that people may use this site at in DEBUG."""
    host, port = env.address("HOST", LOCAL), env.number("PORT", 8000)
    local = [f"http://{name}:{port}" for name in ("localhost", LOCAL, bracketed(host))]
    return [*local, env.origin("SITE_URL", site_url(host, port))]


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
