"""Each way past the pipeline that a team has tried is seen, with what to do instead.

Planted here one by one: in the URLconf, in MIDDLEWARE, among the providers and admin
sites, and as source code of an app of theirs.
"""

from __future__ import annotations

import json
import textwrap
import time
from types import SimpleNamespace

import jwt
import pytest
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from django.contrib.admin import AdminSite, sites
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.decorators import action, api_view, authentication_classes
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView

from accounts.models import User
from authsite import checks_doors
from tests.fixtures import PASSWORD, enrol_totp, sign_in_by_form
from tests.security.doors import knock, places
from tests.security.first_party import INSTEAD, guarded_calls
from tests.security.oracle import tells

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "maya@example.org"
BACKEND = "accounts.policy.backend.PolicyBackend"


def found(check):
    """What a check says: number, message and hint in one line each."""
    return [f"{one.id} {one.msg} {one.hint}" for one in check()]


def only(lines, *words):
    assert len(lines) == 1, lines
    assert all(word in lines[0] for word in words), lines


def stranger():
    return Client(SERVER_NAME="localhost", raise_request_exception=False)


# Views -----------------------------------------------------------------------------
def test_djangos_own_login_view(plant, make_person):
    make_person(EMAIL)
    plant(path("team/login/", LoginView.as_view(template_name="404.html")))
    only(found(checks_doors.views), "E167", "/team/login/", "perform_login")
    assert not knock("/team/login/", EMAIL, PASSWORD)


class Report(APIView):
    def get(self, request):
        return Response({})


@pytest.mark.parametrize("kind", [TokenAuthentication, SessionAuthentication])
def test_a_foreign_authentication_class(plant, kind):
    view = type("Report", (Report,), {"authentication_classes": [kind]})
    plant(path("api/report/", view.as_view()))
    only(found(checks_doors.views), "E168", "/api/report/", kind.__name__, "default")


def test_a_foreign_authentication_class_in_disguise(plant):
    """In the URLconf, on a function, and on one action of a ViewSet."""

    @api_view(["GET"])
    @authentication_classes([TokenAuthentication])
    def function(request):
        return Response({})

    class People(viewsets.ViewSet):
        @action(detail=False, authentication_classes=[SessionAuthentication])
        def mine(self, request):
            return Response({})

    router = DefaultRouter()
    router.register("people", People, basename="people")
    plant(
        path("by/url/", Report.as_view(authentication_classes=[TokenAuthentication])),
        path("function/", function),
        path("", include(router.urls)),
    )
    lines = "\n".join(found(checks_doors.views))
    for where in ("/by/url/", "/function/", "people/mine/"):
        assert where in lines
    assert "authsite.E168" in lines


STOCK = {
    "knox.views": "LoginView",
    "rest_framework.authtoken.views": "ObtainAuthToken",
    "dj_rest_auth.views": "LoginView",
    "hijack.views": "AcquireUserView",
}


@pytest.mark.parametrize("module", STOCK)
def test_a_stock_view_of_a_package_that_signs_in(plant, module):
    # The packages are not installed: the check goes by where a class comes from.
    view = type(STOCK[module], (APIView,), {"__module__": module})
    plant(path("api/stock/", view.as_view()))
    only(found(checks_doors.views), "E167", module, "perform_login")


def test_simplejwts_own_token_view(plant, make_person):
    make_person(EMAIL)
    plant(path("api/jwt/", TokenObtainPairView.as_view()))
    assert "E167" in found(checks_doors.views)[0]
    assert not knock("/api/jwt/", EMAIL, PASSWORD)


@login_not_required
def own_tokens(request):
    try:
        told = json.loads(request.body)
    except ValueError:
        return JsonResponse({"detail": "not JSON"}, status=400)
    user = User.objects.filter(email=told.get("email", "")).first()
    if user and user.check_password(told.get("password", "")):
        claims = {"sub": str(user.pk), "exp": int(time.time()) + 60}
        return JsonResponse({"token": jwt.encode(claims, "s" * 32)})
    return JsonResponse({"detail": "no"}, status=401)


@login_not_required
def quiet_tokens(request):
    """The same status for everybody: only the body tells."""
    answer = own_tokens(request)
    answer.status_code = 200
    return answer


@pytest.mark.parametrize("view", [own_tokens, quiet_tokens])
def test_tokens_of_ones_own(plant, make_person, view):
    enrol_totp(make_person(EMAIL))
    plant(path("api/mobile-login/", view))
    assert tells("/api/mobile-login/", EMAIL, PASSWORD) == "JSON with all"


def test_a_word_that_tells_by_json_or_basic(plant, make_person):
    make_person(EMAIL)

    class Check(APIView):
        authentication_classes = ()
        permission_classes = ()

        def post(self, request):
            user = User.objects.filter(email=request.data.get("username", "")).first()
            right = bool(user) and user.check_password(request.data.get("password"))
            return Response({"right": right})

    plant(path("api/check/", Check.as_view()))
    assert tells("/api/check/", EMAIL, PASSWORD) == "JSON with all"


def signs_in(email):
    @login_not_required
    def view(request, pk=None):
        """What a magic link, an impersonation view and django-hijack do in the end."""
        user = User.objects.get(pk=pk) if pk else User.objects.get(email=email)
        history = [*request.session.get("hijack_history", []), str(request.user.pk)]
        login(request, user, backend=BACKEND)
        request.session["hijack_history"] = history
        return HttpResponse("Welcome")

    return view


def test_a_magic_link_or_impersonation_by_login(plant, make_person, browser):
    owner = make_person(EMAIL, is_staff=True, is_superuser=True)
    enrol_totp(owner)
    make_person("helper@example.org")
    sign_in_by_form(browser, "helper@example.org")
    plant(
        path("team/magic/", signs_in(EMAIL)),
        path("team/impersonate/<uuid:pk>/", signs_in(EMAIL)),
    )
    for visitor, at in (
        (stranger(), "/team/magic/"),
        (browser, f"/team/impersonate/{owner.pk}/"),
    ):
        visitor.get(at)
        answer = visitor.get("/dashboard/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    # The walk sees it too, though nobody gets in.
    assert knock("/team/magic/", EMAIL, PASSWORD)


# Middleware, providers, admin sites ------------------------------------------------
def as_another(get_response):
    def middleware(request):
        if who := request.GET.get("as"):
            request.user = User.objects.get(email=who)
        return get_response(request)

    return middleware


def test_a_middleware_that_sets_request_user(settings, make_person):
    make_person(EMAIL)
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.as_another"]
    only(found(checks_doors.middleware), "E163", "as_another", "perform_login")
    assert stranger().get("/dashboard/", {"as": EMAIL}).status_code == 403


def test_a_stock_provider(monkeypatch):
    class GitLab(OAuth2Provider):
        id = "gitlab"

    registry.load()
    monkeypatch.setitem(registry.provider_map, "gitlab", GitLab)
    only(found(checks_doors.provider_classes), "E166", "gitlab", "CarefulProvider")


def test_a_second_admin_site():
    second = AdminSite(name="second")
    try:
        only(found(checks_doors.admin_sites), "E169", "second", "PolicyAdminSite")
    finally:
        sites.all_sites.discard(second)


# Source code -----------------------------------------------------------------------
LINES = {
    "login(request, user)": "calls login()",
    "from django.contrib.auth import login as l\nl(request, user)": "calls login()",
    "from django.contrib import auth\nauth.login(request, user)": "calls login()",
    "import django.contrib.auth as a\na.login(request, user)": "calls login()",
    "user.check_password(typed)": "names check_password",
    "authenticate(request, email=e, password=p)": "calls authenticate()",
    "RefreshToken.for_user(user)": "calls for_user()",
    "open_family(request)": "calls open_family()",
    "import jwt\njwt.encode(claims, key)": "calls jwt.encode()",
    "from jwt import encode as e\ne(claims, key)": "calls jwt.encode()",
    "from jose import jwt as j\nj.encode(claims, key)": "calls jose.jwt.encode()",
    'request.session["_auth_user_id"] = str(user.pk)': "names _auth_user_id",
    "from django.contrib.auth import SESSION_KEY as K\nsession[K] = 1": (
        "writes session[SESSION_KEY]"
    ),
    "request.user = user": "sets request.user",
    "self.request.user = user": "sets request.user",
    'setattr(request, "user", user)': "sets request.user",
    "request._cached_user = user": "sets request.user",
}


@pytest.fixture
def shop(tmp_path):
    """A team's own app; shop(code) says what is found in it."""
    app = tmp_path / "custom" / "shop"
    app.mkdir(parents=True)
    (tmp_path / "authsite").mkdir()

    def read(code):
        (app / "views.py").write_text(f"{textwrap.dedent(code)}\n")
        return guarded_calls(tmp_path, [str(app)])

    return read


@pytest.mark.parametrize("code", LINES)
def test_code_of_an_own_app_is_read(shop, code):
    line = code.count("\n") + 1
    assert shop(code) == [f"custom/shop/views.py:{line} {LINES[code]}: {INSTEAD}"]


def test_honest_code_of_an_own_app_is_no_finding(shop):
    assert shop(
        """
        from allauth.account.internal.flows.login import perform_login
        import json, jwt

        def view(request):
            order.user = request.user
            perform_login(request, Login(user=user, email=email))
            jwt.decode(token, key)
            return json.dumps({"user": str(request.user)})
        """
    ) == []  # fmt: skip


def test_every_installed_app_in_the_projects_folder_is_read(monkeypatch, tmp_path):
    from django.apps import apps

    from tests.security.first_party import first_party

    apps_of = [
        SimpleNamespace(path=str(tmp_path / "custom" / "shop")),
        SimpleNamespace(path=str(tmp_path / ".venv" / "lib" / "allauth")),
        SimpleNamespace(path="/elsewhere/library"),
    ]
    monkeypatch.setattr(apps, "get_app_configs", lambda: apps_of)
    assert first_party(tmp_path) == [tmp_path / "authsite", tmp_path / "custom/shop"]


# No false alarms -------------------------------------------------------------------
class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id",)


class People(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = PersonSerializer


def test_an_honest_app_is_protected_in_every_shape_of_url(plant):
    def page(request, **kwargs):
        return HttpResponse("private")

    router = DefaultRouter()
    router.register("people", People)
    plant(
        path("api/", include(router.urls)),
        path("orders/<uuid:pk>/", page),
        path("orders/<int:pk>/<slug:name>/", page),
        path("files/<path:rest>", page),
    )
    own = [one.path for one in places() if one.path.startswith(("/orders", "/files"))]
    assert len(own) == 3
    for at in own:
        answer = stranger().get(at)
        assert answer.status_code == 302, at
        assert answer["Location"].startswith("/accounts/login/")
    calls = [one.path for one in places() if one.path.startswith("/api/people")]
    assert {"/api/people/", "/api/people.json", "/api/people/1.json"} <= set(calls)
    assert {stranger().get(at).status_code for at in calls} == {401}
    assert found(checks_doors.views) == []


def test_a_url_without_a_sample_is_said_and_not_passed_over(plant):
    from django.urls import re_path

    plant(re_path(r"^odd/(?P<what>[ü]{3})/$", lambda request, what: HttpResponse()))
    with pytest.raises(AssertionError, match="add one to SAMPLES"):
        places()
