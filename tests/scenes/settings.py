"""The site as the scenes need it: the real settings, with stand-ins for providers."""

from __future__ import annotations

from authsite import social
from authsite.env import env
from authsite.settings import *  # noqa: F403
from authsite.settings import CONTENT_SECURITY_POLICY, SOCIALACCOUNT_PROVIDERS
from tests.standins.fixtures import CLIENT, SECRET

ROOT_URLCONF = "tests.scenes.urls"
# Pictures of all scenes take longer than the five minutes that a proof is good for.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
STANDINS = env.text("STANDINS_URL")
if STANDINS:
    SOCIALACCOUNT_PROVIDERS |= {
        "google": social.google(CLIENT, SECRET, f"{STANDINS}/google"),
        "github": social.github(CLIENT, SECRET, f"{STANDINS}/github"),
    }
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(STANDINS)
