"""The list of what reads before sign-in is complete, and slow readers are seen.

See test_linear_work.py. What is planted here shows that both tests would fail.
"""

from __future__ import annotations

import re

import pytest
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import path
from django.views.generic import FormView

from authsite.bounds import MAX_BODY
from tests.security import anonymous, hostile_inputs, hostile_texts
from tests.security.growth import grows_faster
from tests.security.hostile_inputs import MIDDLEWARE
from tests.security.hostile_readers import READERS
from tests.security.test_linear_work import FIELDS, read_by_the_site

pytestmark = pytest.mark.django_db
LIST = "tests/security/hostile_inputs.py"


def unlisted():
    """What reads before sign-in and is not in the list, with what to do about it."""
    known = {
        "MIDDLEWARE, with what it reads of META": (
            anonymous.middleware(), set(MIDDLEWARE)),
        "PARSERS, and to READERS": (anonymous.parsers(), hostile_inputs.PARSERS),
        "SERIALIZER_FIELDS": (
            anonymous.serializer_fields(), set(hostile_inputs.SERIALIZER_FIELDS)),
        "_FORMS": (anonymous.form_fields(), set(hostile_inputs.FORM_FIELDS)),
    }  # fmt: skip
    return {
        f"add {name} to {where} in {LIST}"
        for where, (found, listed) in known.items()
        for name in found - listed
    }


def test_the_list_is_complete():
    assert unlisted() == set()


def test_nothing_is_listed_that_is_gone():
    assert set(MIDDLEWARE) <= anonymous.middleware()
    assert set(FIELDS) <= anonymous.serializer_fields() | anonymous.form_fields()
    assert set(READERS) >= hostile_inputs.PARSERS


# That both tests would see what is planted


def quadratic(text):
    """As the expression that once looked for texts in JSON."""
    for start in range(0, len(text), 8):
        text.count("\x00", start)


class PlantedMiddleware:
    """Reads a header carelessly."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        for _ in range(4):
            quadratic(request.META.get("HTTP_REFERER", "") * 8)
        return HttpResponse("")


class PlantedField(forms.CharField):
    """Checks what is typed carelessly."""

    def clean(self, value):
        quadratic(value)
        return value


class PlantedForm(forms.Form):
    """Has it."""

    planted = PlantedField()


class PlantedView(FormView):
    """Shows it to anybody."""

    form_class = PlantedForm


OLD = re.compile(rb'"(?:\\.|[^"\\])*"', re.DOTALL)


def test_a_quadratic_reader_is_seen():
    make = hostile_texts.FOR_JSON["nothing but escaped quotes"]
    assert grows_faster(lambda text: OLD.sub(b"", text.encode()), make, 12_000)
    assert grows_faster(quadratic, hostile_texts.repeated("a"), MAX_BODY // 4)
    assert not grows_faster(lambda text: text.count("b"),
                            hostile_texts.repeated("a"), MAX_BODY)  # fmt: skip


def test_a_quadratic_field_is_seen():
    make = hostile_texts.repeated("a")
    assert grows_faster(PlantedForm().fields["planted"].clean, make, MAX_BODY // 4)


def test_a_quadratic_middleware_is_seen(settings):
    settings.MIDDLEWARE = [f"{__name__}.PlantedMiddleware"]
    call = read_by_the_site("HTTP_REFERER", "/")
    assert grows_faster(call, hostile_texts.repeated("a"), 8192)


def test_unlisted_middleware_is_seen(settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.PlantedMiddleware"]
    (told,) = unlisted()
    assert f"add {__name__}.PlantedMiddleware to MIDDLEWARE" in told
    assert LIST in told


def test_an_unlisted_parser_and_serializer_are_seen(plant):
    from drf_spectacular.utils import extend_schema
    from rest_framework import serializers
    from rest_framework.parsers import FormParser

    from accounts.api.base import OpenView

    class Planted(serializers.Serializer):
        planted = serializers.CharField()

    class View(OpenView):
        parser_classes = (FormParser,)

        @extend_schema(request=Planted, responses=None)
        def post(self, request):
            return None

    plant(path("planted/", View.as_view()))
    told = unlisted()
    assert (
        f"add rest_framework.parsers.FormParser to PARSERS, and to READERS in {LIST}"
        in told
    )
    assert any(".Planted.planted to SERIALIZER_FIELDS" in one for one in told)
    assert len(told) == 2


def test_an_unlisted_field_of_a_page_is_seen(plant):
    plant(path("planted/", login_not_required(PlantedView.as_view())))
    assert unlisted() == {f"add {__name__}.PlantedForm.planted to _FORMS in {LIST}"}
