"""A team's own DRF views stand in the document as drf-spectacular makes them."""

from __future__ import annotations

import pytest
import yaml
from django.core import checks
from django.core.management import call_command
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers, viewsets
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from accounts.api.base import BearerView
from accounts.models import User


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "name")


class PersonViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = PersonSerializer


class Report(APIView):
    serializer_class = PersonSerializer

    def get(self, request):
        return Response({})


class LeanReport(BearerView):
    serializer_class = PersonSerializer

    def get(self, request):
        return Response({})


class Untyped(APIView):
    """Nothing tells what it answers: a warning of drf-spectacular's, no failure."""

    def post(self, request):
        return Response({})


@api_view(["GET"])
def function(request):
    return Response({})


OWN = {
    "/api/people/": {"get", "post"},
    "/api/people/{id}/": {"get", "put", "patch", "delete"},
    "/api/report/": {"get"},
    "/api/lean/": {"get"},
}


@pytest.fixture
def own_views(plant):
    router = DefaultRouter()
    router.register("people", PersonViewSet)
    plant(
        path("api/", include(router.urls)),
        path("api/report/", Report.as_view()),
        path("api/lean/", LeanReport.as_view()),
        path("api/untyped/", Untyped.as_view()),
        path("api/function/", function),
    )


def test_the_document_holds_own_and_ours(own_views, client):
    answer = client.get("/api/schema/", headers={"host": "localhost"})
    assert answer.status_code == 200
    found = yaml.safe_load(answer.content)["paths"]
    assert {path: set(found[path]) for path in OWN} == OWN
    operation = found["/api/people/{id}/"]["get"]
    assert operation["operationId"] == "people_retrieve"
    assert operation["security"] == [{"bearer": []}]
    assert set(operation["responses"]) == {"200"}
    # Ours are complete as ever.
    assert found["/api/token/"]["post"]["operationId"] == "sign_in"
    assert "429" in found["/api/token/"]["post"]["responses"]
    assert client.get("/api/docs/", headers={"host": "localhost"}).status_code == 200


def test_ours_are_the_same_with_and_without_own_ones(plant, request):
    ours = SchemaGenerator().get_schema(public=True)["paths"]
    request.getfixturevalue("own_views")
    both = SchemaGenerator().get_schema(public=True)["paths"]
    assert {path: both[path] for path in ours} == ours
    assert both.keys() - ours.keys() >= OWN.keys()


def test_they_do_not_stop_the_start(own_views):
    # What `make serve` runs before it starts.
    call_command("check", deploy=True, fail_level="ERROR")
    found = checks.run_checks(include_deployment_checks=True)
    assert [one for one in found if one.id == "drf_spectacular.E001"] == []
