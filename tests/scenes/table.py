"""The one table of scenes. A page or a state that is new gets its line in one of these.

Who can be whose cookies stands in tests.scenes.people.
"""

from __future__ import annotations

from tests.scenes import account, admin, entrance, errors, leaving, second_steps

SCENES = [
    *entrance.SCENES,
    *second_steps.SCENES,
    *account.SCENES,
    *leaving.SCENES,
    *errors.SCENES,
    *admin.SCENES,
]
