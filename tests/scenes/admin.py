"""The administration, and the API's own page."""

from __future__ import annotations

from tests.scenes.scene import Act, Scene

PEOPLE = "/admin/accounts/user/"
KEYS = "/admin/tokens/signingkey/"
READERS = "/admin/tokens/keyreader/"
REMOVALS = "/admin/policy/factorremoval/"
BOUNDS = "/admin/policy/emailbound/"
REPEATS = "/admin/audit/repeat/"
GROUPS = "/admin/auth/group/"
SWAGGER = "The page is Swagger UI's, vendored as it is."


def chosen(action: str) -> Act:
    """The preview of a guarded action on somebody."""

    def act(page, stage):
        row = page.locator(
            f"input[name=_selected_action][value='{stage.facts['rich']}']"
        )
        row.check()
        page.select_option("select[name=action]", action)
        page.locator(".actions button").first.click()
        page.locator(".cancel-link").wait_for()

    return act


def explained(page, stage):
    """A token that is none."""
    page.fill("#id_token", "not-a-token")
    page.locator(".submit-row input").click()
    page.locator(".messagelist").wait_for()


def sent(page, stage):
    """A form without what it wants."""
    page.locator("#content form").evaluate("form => { form.noValidate = true }")
    page.locator(".submit-row input[type=submit]").first.click()
    page.locator(".errorlist").first.wait_for()


def admin(name: str, path: str, see: str, act: Act | None = None) -> Scene:
    """A page of the administration, as its owner sees it."""
    return Scene(f"admin: {name}", path, see, "owner", act, ours=False)


def drawn(page, stage):
    """When its script has read the schema."""
    page.locator(".opblock").first.wait_for()


SCENES = [
    admin("index", "/admin/", "People, devices, keys and events"),
    admin("people", PEOPLE, "The beginning of an e-mail address"),
    admin("people, found", f"{PEOPLE}?q=maximiliane", "1 result"),
    admin("person", f"{PEOPLE}{{rich}}/change/", "Change person"),
    admin("deactivate", PEOPLE, "Nothing has happened yet", chosen("deactivate")),
    admin("sign-ins by token", "/admin/tokens/family/", "Why was a token refused?"),
    admin("sign-in by token", "/admin/tokens/family/{family}/change/", "Generation"),
    admin("explain", "/admin/tokens/family/explain/", "Refused by"),
    admin("explained", "/admin/tokens/family/explain/", "Refused by", explained),
    admin("keys", KEYS, "The next key"),
    admin("key", f"{KEYS}{{kid}}/change/", "Algorithm"),
    admin("rotate", f"{KEYS}step/rotate/", "Nothing has happened yet"),
    admin("rotate, without a reason", f"{KEYS}step/rotate/", "required", sent),
    admin("replace all keys", f"{KEYS}step/replace/", "Nothing has happened yet"),
    admin("services", READERS, "orders"),
    admin("service", f"{READERS}{{reader}}/change/", "orders"),
    admin("events", "/admin/audit/event/", "Signed in"),
    admin("event", "/admin/audit/event/{event}/change/", "Browser or app"),
    admin("groups", GROUPS, "Support"),
    admin("group", f"{GROUPS}{{group}}/change/", "Permissions"),
    admin("group, new", f"{GROUPS}add/", "Permissions"),
    admin("group, delete", f"{GROUPS}{{group}}/delete/", "Are you sure"),
    admin("group, history", f"{GROUPS}{{group}}/history/", "change history"),
    admin("removals", REMOVALS, "Not cancelled"),
    admin("removal", f"{REMOVALS}{{removal}}/change/", "Takes effect at"),
    admin("email limits", BOUNDS, "Held back"),
    admin("email limit", f"{BOUNDS}{{bound}}/change/", "Last held back"),
    admin("repeated events", REPEATS, "Too many sign-in attempts"),
    admin("repeated event", f"{REPEATS}{{repeat}}/change/", "Browser or app"),
    admin("log", "/admin/admin/logentry/", "0 log entries"),
    Scene(
        "api: docs", "/api/docs/", "/api/token/refresh/",
        act=drawn, ours=False, why_not=SWAGGER,
    ),
]  # fmt: skip
