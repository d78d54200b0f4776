"""The providers of `make run` when none is configured: stand-ins on this machine."""

from __future__ import annotations

import secrets
import socket
import sys

from authsite.env import env, provide

MODULE = "tests.standins"
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
    port, secret = free_port(), secrets.token_hex()
    values = {"STANDINS_SECRET": secret}
    for name in ("google", "github"):
        prefix = name.upper()
        values |= {
            f"{prefix}_CLIENT_ID": "demo",
            f"{prefix}_CLIENT_SECRET": secret,
            f"{prefix}_BASE_URL": f"http://127.0.0.1:{port}/{name}",
        }
    provide(values)
    client = f"demo={','.join(sites())}"
    command = [sys.executable, "-m", MODULE, "--port", str(port), "--client", client]
    return {"stand-ins": command}


def sites() -> list[str]:
    """Every address that people may use this site at in DEBUG."""
    port = env.number("PORT", 8000)
    local = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1")]
    return [*local, env.origin("SITE_URL", local[0])]


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
