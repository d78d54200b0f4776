"""What the site reads before anybody has signed in, found by walking it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from allauth.headless.base.views import APIView as HeadlessView
from allauth.headless.base.views import AuthenticatedAPIView
from django.conf import settings
from django.forms import BaseForm
from django.urls import resolve
from django.utils.module_loading import import_string
from drf_spectacular.generators import EndpointEnumerator
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from tests.security.doors import Place, places

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITING = ("post", "put", "patch", "delete")


def name_of(kind: Any) -> str:
    """module.Class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def open_places() -> list[Place]:
    """The URLs that answer somebody who has not signed in."""
    return [
        place
        for place in places()
        if is_open(place) and resolve(place.path).func == place.view
    ]


def is_open(place: Place) -> bool:
    """Whether a view lets anybody in. When in doubt it does."""
    view = place.view_class
    if view is not None and issubclass(view, APIView):
        return AllowAny in view.permission_classes
    if view is not None and issubclass(view, HeadlessView):
        return not issubclass(view, AuthenticatedAPIView)
    return not getattr(place.view, "login_required", True)


def middleware() -> set[str]:
    """All of it: every request passes."""
    return set(settings.MIDDLEWARE)


def parsers() -> set[str]:
    """Of the API's settings, and of views that have their own."""
    found = set(api_settings.DEFAULT_PARSER_CLASSES)
    for place in open_places():
        found |= set(getattr(place.view_class, "parser_classes", ()))
    return {name_of(parser) for parser in found}


def serializer_fields() -> set[str]:
    """Fields of what anonymous calls of the API take, by their documentation."""
    found = set()
    for path, _, method, callback in EndpointEnumerator().get_api_endpoints():
        view = callback.cls()
        if AllowAny not in view.permission_classes or method.lower() not in WRITING:
            continue
        told = getattr(getattr(view, method.lower()), "kwargs", {})
        view.request, view.kwargs = None, {}
        schema = told.get("schema", type(view.schema))()
        schema.view, schema.path, schema.method = view, path, method
        serializer = schema.get_request_serializer()
        kind = serializer if inspect.isclass(serializer) else type(serializer)
        fields = getattr(kind, "_declared_fields", {})
        found |= {f"{name_of(kind)}.{name}" for name in fields}
    return found


def form_fields() -> set[str]:
    """Fields of the forms and headless inputs of open pages and calls."""
    return {
        f"{name_of(form)}.{name}" for form in open_forms() for name in fields_of(form)
    }


def fields_of(form: type[BaseForm]) -> dict[str, Any]:
    """Those that it declares and, where it can be made without more, those it adds."""
    try:
        return form().fields
    except (TypeError, KeyError, AttributeError):  # it wants to be told of a person
        return form.base_fields


def open_forms() -> set[type[BaseForm]]:
    """The classes; ours in the place of a library's that they extend.

    With all that settings name: which view shows them is not always to be seen.
    """
    named = (settings.ACCOUNT_FORMS, settings.MFA_FORMS, settings.SOCIALACCOUNT_FORMS)
    ours = {import_string(name) for forms in named for name in forms.values()}
    found = {form for place in open_places() for form in _forms_of(place.view_class)}
    return ours | {
        kind
        for form in found
        if not form.__module__.startswith("django.")
        for kind in (_ours(form) or {form})
    }


def _forms_of(view: Any) -> Iterator[type[BaseForm]]:
    for kind in (getattr(view, "form_class", None), getattr(view, "input_class", None)):
        kinds = kind.values() if isinstance(kind, dict) else [kind]
        yield from (one for one in kinds if one is not None)


def _ours(form: type[BaseForm]) -> set[type[BaseForm]]:
    found = {form} if form.__module__.startswith("accounts.") else set()
    return found.union(*map(_ours, form.__subclasses__()))
