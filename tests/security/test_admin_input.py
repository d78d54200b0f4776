"""What staff can send to lists of the admin: bounded work, a clear answer, no 500."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from accounts.admin_base import PolicyModelAdmin
from accounts.models import User
from accounts.tokens.models import KeyReader

pytestmark = pytest.mark.django_db(transaction=True)
TOO_LONG = "This search is too long. Use at most five words."
NO_ROW = "A selected item does not exist. Nothing was changed."
AUTOCOMPLETE = "/admin/autocomplete/"


def list_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def searched():
    return [model for model, page in site._registry.items() if page.search_fields]


def test_every_list_has_the_common_rules():
    assert len(searched()) >= 5
    for page in site._registry.values():
        assert isinstance(page, PolicyModelAdmin), page


@pytest.mark.parametrize("term", ["a " * 6, "a " * 100, '"a" ' * 6, "a" * 321])
def test_a_search_of_many_words_looks_for_nothing_and_says_so(owner, term):
    Group.objects.create(name="a" * 100)
    for model in searched():
        for more in ({}, {"_facets": "True"}):
            page = owner.get(list_of(model), {"q": term, **more})
            assert page.status_code == 200, model
            assert list(page.context["cl"].result_list) == [], model
            assert page.content.decode().count(TOO_LONG) == 1, model


def test_a_search_of_few_words_looks_for_them(owner):
    Group.objects.create(name="a b c d e " + "f" * 100)
    for model in searched():
        for term in ("a b c d e", '"a b c d e f"', "f" * 100):
            page = owner.get(list_of(model), {"q": term})
            assert TOO_LONG not in page.content.decode(), model
            found = page.context["cl"].result_list
            assert len(found) == (model is Group), (model, term)


def test_suggestions_are_bounded_too(owner, make_person):
    make_person("aa@example.org")
    page = {"app_label": "tokens", "model_name": "family", "field_name": "user"}
    for term, count in (("aa", 1), ("a " * 100, 0), ("a" * 321, 0)):
        found = owner.get(AUTOCOMPLETE, {**page, "term": term})
        assert len(found.json()["results"]) == count, term


ODD_VALUES = (
    "0", "x", "99999999999999", "9" * 5000, "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
)  # fmt: skip
LOOKUPS = ("", "__exact", "__gte", "__lt", "__isnull", "__year")


def test_lists_narrowed_by_odd_values(owner):
    for model, page in site._registry.items():
        names = [f"{name}{how}" for name in page.filter_names() for how in LOOKUPS]
        for name in (*names, "o", "p", "id"):
            for value in ODD_VALUES:
                answer = owner.get(list_of(model), {name: value, "_facets": "True"})
                assert answer.status_code in {200, 302, 400}, (model, name, value)


@pytest.mark.parametrize(
    "asked",
    ["at__gte=9999-12-31T23:59:59-23:59", "at__lt=0001-01-01T00:00:00%2B23:59"],
)
def test_a_moment_that_cannot_be_leads_back_to_the_whole_list(owner, asked):
    answer = owner.get(f"/admin/audit/event/?{asked}")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/admin/audit/event/?e=1",
    )
    assert owner.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    "asked", ["at__year=0", "at__year=99999999999999", "at__regex=(a%2B)%2B$"]
)
def test_only_what_the_filters_link_to_narrows_a_list(owner, asked):
    assert owner.get(f"/admin/audit/event/?{asked}").status_code == 400
    today = {"at__gte": "2026-01-01 00:00Z", "at__lt": "2126-01-01 00:00Z"}
    page = owner.get("/admin/audit/event/", today)
    assert page.context["cl"].result_count > 0


def press(browser, model, action, *selected, **more):
    data = {"action": action, "_selected_action": selected, **more}
    return browser.post(list_of(model), data, follow=True)


@pytest.mark.parametrize("odd", ["x", "\ufffd", "9" * 30, "-" + "9" * 30, "9" * 5000])
def test_actions_on_what_is_no_id_change_nothing(owner, odd):
    group = Group.objects.create(name="staff")
    KeyReader.objects.create(name="billing", fetched_at=timezone.now())
    for model, page in site._registry.items():
        request = owner.get(list_of(model)).wsgi_request
        for action in page.get_actions(request):
            for more in ({}, {"index": "0"}, {"index": "0", "select_across": "1"}):
                if model is KeyReader:  # any text may be a service's name
                    continue
                answer = press(owner, model, action, odd, str(group.pk), **more)
                assert answer.status_code == 200, (model, action)
                assert NO_ROW in answer.content.decode(), (model, action)
    assert Group.objects.filter(name="staff").exists()
    assert press(owner, KeyReader, "delete_selected", odd).status_code == 200


def test_an_action_on_a_row_is_still_taken(owner, make_person):
    user = make_person("ada@example.org")
    press(owner, User, "deactivate", str(user.pk), confirm="yes", reason="left")
    user.refresh_from_db()
    assert not user.is_active


def test_base64_in_a_part_hides_no_nul_from_the_admin(owner):
    body = (
        '--x\r\nContent-Disposition: form-data; name="action"\r\n\r\n'
        'delete_selected\r\n--x\r\nContent-Disposition: form-data; name="'
        '_selected_action"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        "YQBi\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x"
    answer = owner.generic("POST", list_of(KeyReader), body, kind)
    assert answer.status_code == 400
