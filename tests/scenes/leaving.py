"""When something is wrong with one's account, or one has enough of it."""

from __future__ import annotations

from tests.scenes.scene import Scene

SCENES = [
    Scene("not me: sure?", "/accounts/activity/not-me/{sign_in}/", "Take my", "new"),
    Scene("links: too old, not me", "/accounts/not-me/x/", "This link no longer works"),
    Scene("export: what is in it", "/accounts/export/", "Not in the file", "rich"),
    Scene("close: sure?", "/accounts/close/", "Close your account?", "rich"),
    Scene("not me: sure?, by mail", "{not_me}", "Ways to sign in that were added"),
    Scene("not me: sure?, all is gone", "{robbed}", "is the address of the account"),
    Scene(
        "not me: sure?, only by mail", "/accounts/activity/not-me/{moved}/",
        "Use the link in your mail", "moved",
    ),
    Scene("not me: done", "/accounts/not-me/done/", "Done. What now?"),
    Scene("close: refused", "/accounts/close/", "You are the only", "owner"),
    Scene("close: done", "/accounts/close/done/", "it is deleted for good"),
    Scene("close: keep it?", "{undo}", "Keep your account?"),
    Scene("links: too old, closing", "/accounts/close/undo/x/", "no longer works"),
]  # fmt: skip
