"""Saying no on a page that has no field which could be put right."""

from __future__ import annotations

from typing import Any

from django import forms


def refusal(why: Any) -> forms.Form:
    """A form that says why not, where there is no field: pages show it as an error."""
    form = forms.Form({})
    form.add_error(None, why)
    return form
