"""Every page has a scene, or a reason why it needs none."""

from __future__ import annotations

import re
from collections import defaultdict

from django.urls import Resolver404, URLResolver, get_resolver, resolve

from tests.scenes.table import SCENES

#: What stands in the paths of scenes, where it is more than a number.
FACTS = {
    "reset": "/accounts/password/reset/key/1-set-password/",
    "not_me": "/accounts/not-me/1/",
    "robbed": "/accounts/not-me/1/",
    "undo": "/accounts/close/undo/1/",
    "keep_factors": "/accounts/2fa/lost/cancel/1/",
}
#: Routes without a scene of their own.
NEED_NONE = {
    r"(api|_allauth|\.well-known)/.*|healthz|favicon\.ico": "answers to programs",
    r"accounts/brand(\.css|\.svg|/logo)": "files",
    r"accounts/2fa/recovery-codes/download/": "a file",
    r"accounts/2fa/webauthn/login/": "a script's; else it leads to the sign-in page",
    r"accounts/social/.*": "old addresses, that lead to the new ones",
    r"accounts/(github|google|oidc/<provider_id>)/login/callback/": "leads on",
    r"accounts/(github|oidc/<provider_id>)/login/": "the same as Google's",
    r"language/|accounts/2fa/trust/forget/": "a POST alone, that leads back",
    r"accounts/(2fa/lost/cancel|login/other)/": "a POST alone, that leads on",
    r"admin/(login|logout|password_change)/": "leads to ours",
    r"admin/password_change/done/": "nothing leads there",
    r"admin/(autocomplete|jsi18n)/": "a script's",
    r"admin/\w+/\w+/<path:object_id>/": "an old address, that leads to the new one",
    r"admin/\(\?P<url>\.\*\)\$": "nothing is there",
    r"admin/\(\?P<app_label>.*": "a part of the index",
    r"admin/tokens/keyreader/<path:object_id>/delete/": "the same as a group's",
    r"admin/\w+/\w+/(add|<path:object_id>/delete)/": "nobody may",
    r"admin/\w+/\w+/<path:object_id>/history/": "the same as a group's",
    r"admin/admin/logentry/<path:object_id>/change/": "a form that is only read",
}


def routes(patterns, before=""):
    for one in patterns:
        route = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        else:
            yield route


def reached(path):
    facts = defaultdict(lambda: "1", FACTS)
    try:
        return resolve(path.format_map(facts).partition("?")[0]).route
    except Resolver404:  # of the scenes alone: tests.scenes.urls
        return ""


def test_every_page_has_a_scene():
    left = set(routes(get_resolver().url_patterns))
    assert len(left) > 150
    left -= {reached(scene.path) for scene in SCENES}
    for pattern, why in NEED_NONE.items():
        found = {route for route in left if re.fullmatch(pattern, route)}
        assert found, f"no such route is left: {pattern}, {why}"
        left -= found
    assert left == set()
