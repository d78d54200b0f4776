"""The scenes' settings in languages that nobody speaks: for DJANGO_SETTINGS_MODULE."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf.locale import LANG_INFO

from tests.pseudo.make import write
from tests.scenes.settings import *  # noqa: F403

LANG_INFO["xx"] = {"bidi": False, "code": "xx", "name": "Pseudo", "name_local": "Xx"}
LANGUAGES = [("en", "English"), ("xx", "Xx"), ("he", "עברית")]
# Gone with the process: each makes its own, so that none reads one half written.
_folder = tempfile.TemporaryDirectory(prefix="authsite-pseudo-")
write(Path(_folder.name))
LOCALE_PATHS = [Path(_folder.name)]
