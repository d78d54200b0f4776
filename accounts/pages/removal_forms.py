"""The forms of someone who cannot use their second step: password, emailed code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.pages.forms import CodeField, dress_password, focus
from accounts.policy.removal_code import StartsRemoval, TakesRemovalCode

if TYPE_CHECKING:
    from accounts.policy.removal_code import Asker, Code


class StartForm(StartsRemoval, forms.Form):
    """Have the code emailed; with the password, unless it was just typed."""

    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, asker: Asker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asker = asker
        if asker.needs_password:
            dress_password(self, "password", _("Password"))
        else:
            del self.fields["password"]


class CodeForm(TakesRemovalCode, forms.Form):
    """The code from that email."""

    code = CodeField(label=_("Code"))

    def __init__(self, *args: Any, process: Code, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process = process
        focus(self, "code")
