"""The `groups` claim: only marked groups, and never more than a verifier accepts."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import subprocess
import sys
from io import StringIO
from pathlib import Path

import jwt
import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.policy.models import GroupPolicy
from accounts.tokens import ring
from accounts.tokens.claims import MAX_TOKEN_LENGTH, encoded_size, fitting
from accounts.tokens.issue import pair as pair_of
from accounts.tokens.marked_groups import crowded, left_out
from accounts.tokens.models import Family

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
GROUPS = "/admin/auth/group/"
PEOPLE = "/admin/accounts/user/"
UMLAUTS = [f"Bereich/Übergröße-{number:03}" for number in range(200)]


def make_groups(names, *people, marked=True):
    groups = [Group.objects.create(name=name) for name in names]
    GroupPolicy.objects.bulk_create(
        [GroupPolicy(group=group, in_tokens=marked) for group in groups]
    )
    for person in people:
        person.groups.add(*groups)
    return groups


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_only_marked_groups_are_named(make_person, api):
    user = make_person()
    make_groups(["Editors", "Authors"], user)
    make_groups(["Payroll"], user, marked=False)
    user.groups.add(Group.objects.create(name="New"))  # as any new group: without a row
    access = api.tokens()["access"]
    assert claims(access)["groups"] == ["Authors", "Editors"]
    assert api.get("/api/me/", access).json()["groups"] == ["Authors", "Editors"]


def test_a_member_of_very_many_groups_gets_tokens_that_work(make_person, api, caplog):
    make_groups(UMLAUTS, make_person())
    pair = api.tokens()
    for _ in range(2):
        access = pair["access"]
        assert len(access) <= MAX_TOKEN_LENGTH
        named = claims(access)["groups"]
        assert named == UMLAUTS[: len(named)]
        assert 50 < len(named) < 200
        assert api.get("/api/me/", access).json()["groups"] == named
        verified = api.post("/api/token/verify/", {"token": access})
        assert verified.status_code == 200
        answer = api.refresh(pair["refresh"])
        assert answer.status_code == 200
        assert api.refresh(pair["refresh"]).content == answer.content
        pair = answer.json()
    (told, *_) = [r.msg for r in caplog.records if "groups_left_out" in str(r.msg)]
    assert (told["kept"], told["left_out"]) == (len(named), 200 - len(named))
    assert "Bereich" not in caplog.text


def test_the_longest_token_that_can_be_is_accepted(make_person, api, settings):
    settings.JWT_ISSUER = "https://" + "i" * 152
    settings.JWT_AUDIENCES = ("https://" + "a" * 168,)
    settings.JWT_ALGORITHM = "RS256"
    ring.forget()
    email = f"{'m' * 64}@{'.'.join(['d' * 60] * 3)}.{'e' * 2}.org"
    make_person(email.ljust(254, "g"))
    # Names of one size, chosen so that nothing is left of the room.
    names = [f"{number:02}".ljust(37, "x") for number in range(60)]
    make_groups(names, User.objects.get())
    api.tokens(User.objects.get().email)
    Family.objects.update(amr=["fed", "mfa", "otp", "pop", "pwd"], acr="aal2")
    access = pair_of(
        Family.objects.select_related("user").get(), settings.JWT_AUDIENCES[0]
    ).access
    assert 4000 < len(access) <= MAX_TOKEN_LENGTH
    assert len(claims(access)["groups"]) == 40
    assert api.get("/api/me/", access).status_code == 200


def test_an_email_of_many_bytes_takes_room_from_groups():
    names = [f"{number:03}" for number in range(400)]
    short, long = "a@example.org", f"a@{'ä' * 240}.example.org"
    assert fitting(names) == fitting(names, short)
    # six bytes a name with quotes and comma
    missing = len(fitting(names)) - len(fitting(names, long))
    assert missing == -(-(len(long.encode()) - 254) // 6)


def test_no_account_has_an_email_that_verifiers_refuse(db):
    most = "a@example.org".rjust(254, "a")
    assert len(User.objects.create_user(most).email) == 254
    with pytest.raises(ValueError, match="at most 254"):
        User.objects.create_user(f"a{most}")


def test_letters_cost_their_bytes_and_quotes_their_escapes():
    assert encoded_size("ü") == len('"ü",'.encode())
    assert encoded_size('a"b') == len('"a\\"b",')


def test_tokens_hold_letters_and_no_escapes(make_person, api):
    make_groups(["Übergröße 🙂"], make_person())
    payload = api.tokens()["access"].split(".")[1]
    raw = base64.urlsafe_b64decode(payload + "==")
    assert "Übergröße 🙂".encode() in raw
    assert json.loads(raw)["groups"] == ["Übergröße 🙂"]


def test_who_has_too_many_is_counted_as_tokens_leave_groups_out(make_person):
    people = [make_person(f"p{number}@example.org") for number in range(4)]
    # 1600 bytes are 40 names of 37 letters, each with its quotes and a comma.
    groups = make_groups([f"{number:02}".ljust(37, "x") for number in range(41)])
    people[0].groups.set(groups[:40])
    people[1].groups.set(groups)
    people[2].groups.set(groups[:40])
    long = make_groups(["y" * 150], people[2])[0]
    make_groups(["unmarked"], people[0], marked=False)
    over = [user.email for user in people if left_out(user)]
    assert over == ["p1@example.org", "p2@example.org"]
    found = crowded()
    assert found.count == 2
    assert found.example in over
    only = crowded(among=long)
    assert (only.count, only.example) == (1, "p2@example.org")
    assert crowded(among=Group.objects.get(name="unmarked")) is None


def test_the_person_s_page_warns(owner, make_person):
    user = make_person()
    page = f"{PEOPLE}{user.pk}/change/"
    groups = make_groups(UMLAUTS)
    assert b"than fit" not in owner.get(page).content
    form = {"name": "", "groups": [group.pk for group in groups]}
    inlines = {
        f"{prefix}-{name}": 0
        for prefix in inline_prefixes(owner.get(page))
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    saved = owner.post(page, {**form, **inlines}, follow=True)
    assert saved.redirect_chain[-1][0] == PEOPLE
    assert user.groups.count() == 200
    first = left_out(user)[0]
    for answer in (saved, owner.get(page)):
        text = answer.content.decode()
        assert text.count("more groups for tokens than fit") == 1
        assert f"“{first}”" in text


def inline_prefixes(answer):
    return [found.formset.prefix for found in answer.context["inline_admin_formsets"]]


def test_the_group_s_page_warns_when_it_is_marked(owner, make_person):
    user = make_person()
    make_groups(UMLAUTS, user)
    other = Group.objects.create(name="A first one")
    user.groups.add(other)
    User.objects.get(email="owner@example.org").groups.add(other)
    page = f"{GROUPS}{other.pk}/change/"
    form = {
        "name": other.name,
        "policy-TOTAL_FORMS": "1",
        "policy-INITIAL_FORMS": "0",
        "policy-0-group": other.pk,
        "policy-0-in_tokens": "on",
    }
    saved = owner.post(page, form, follow=True)
    assert saved.redirect_chain[-1][0] == GROUPS
    assert GroupPolicy.objects.get(group=other).in_tokens
    for answer in (saved, owner.get(page)):
        text = answer.content.decode()
        assert text.count("1 member has more groups for tokens than fit") == 1
        assert user.email in text


def test_the_list_of_groups_shows_and_filters_by_the_mark(owner):
    make_groups(["Editors"])
    make_groups(["Payroll"], marked=False)
    Group.objects.create(name="Newcomers")

    def listed(**query):
        found = owner.get(GROUPS, query).context["cl"].result_list
        return {group.name: group.for_tokens for group in found}

    assert listed() == {"Editors": True, "Payroll": False, "Newcomers": False}
    assert listed(in_tokens="yes") == {"Editors": True}
    assert listed(in_tokens="no") == {"Payroll": False, "Newcomers": False}
    assert b"icon-yes" in owner.get(GROUPS).content


def test_the_doctor_names_somebody_who_has_too_many(make_person):
    def doctor():
        out = StringIO()
        with pytest.raises(CommandError):  # this configuration has no https
            call_command("doctor", stdout=out)
        return out.getvalue()

    assert "ok    groups in tokens" in doctor()
    make_groups(UMLAUTS, make_person())
    told = doctor()
    assert "WRONG groups in tokens: people with more groups" in told
    assert "1, for example maya@example.org" in told


def test_an_update_marks_the_groups_that_are_there(tmp_path):
    file = tmp_path / "old.sqlite3"

    def migrate(*target):
        environment = {**os.environ, "DATABASE_URL": f"sqlite:///{file}"}
        command = [sys.executable, "manage.py", "migrate", "-v0", *target]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)

    migrate("policy", "0004")
    with sqlite3.connect(file) as database:
        database.execute("INSERT INTO auth_group VALUES (1, 'Editors'), (2, 'Finance')")
        database.execute("INSERT INTO policy_grouppolicy VALUES (2, true)")
    migrate("policy", "0005")
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "SELECT group_id, second_factor_required, in_tokens FROM policy_grouppolicy"
        )
        assert sorted(rows) == [(1, 0, 1), (2, 1, 1)]
    database.close()
