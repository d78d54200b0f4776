"""The site as the scenes need it: the real settings, with stand-ins for providers."""

from __future__ import annotations

from authsite import social
from authsite.env import env
from authsite.settings import *  # noqa: F403
from authsite.settings import CONTENT_SECURITY_POLICY, SOCIALACCOUNT_PROVIDERS
from tests.standins.fixtures import CLIENT, SECRET

ROOT_URLCONF = "tests.scenes.urls"
# People wait where their scenes begin until these are played, many minutes later: for
# a proof that is asked again, at a second step, and with a code from a mail.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
ACCOUNT_LOGIN_TIMEOUT = 3600
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 3600
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 3600
# Which refuse just that, for a site that people use.
SILENCED_SYSTEM_CHECKS = [f"authsite.E{number}" for number in (110, 114, 116, 117)]
STANDINS = env.text("STANDINS_URL")
if STANDINS:
    SOCIALACCOUNT_PROVIDERS |= {
        "google": social.google(CLIENT, SECRET, f"{STANDINS}/google"),
        "github": social.github(CLIENT, SECRET, f"{STANDINS}/github"),
    }
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append(STANDINS)
