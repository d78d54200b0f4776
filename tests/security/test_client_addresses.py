"""One spelling for each client's address, wherever it is counted, compared or kept."""

from __future__ import annotations

import json

import pytest
from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from structlog.testing import capture_logs

from accounts.audit.models import Event
from accounts.policy.client_address import one_spelling
from accounts.tokens.models import Family
from tests.fixtures import PASSWORD, Api, deliver_mail, sign_in_by_form

SUBJECT = "Authsite: a new device signed in"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
        ("64:ff9b::203.0.113.9", "203.0.113.9"),  # NAT64
        ("64:ff9b:1::203.0.113.9", "64:ff9b:1::cb00:7109"),  # somebody's own prefix
        ("2002:cb00:7109::1", "203.0.113.9"),  # 6to4
        ("::1", "::1"),
        ("", ""),
        ("unknown", ""),
        ("_hidden", ""),
        ("203.0.113", ""),
        ("203.0.113.9.1", ""),
        ("[", ""),
        (":", ""),
        ("%", ""),
        ("1" * 8000, ""),
        ("\x00", ""),
        ("\uff11.1.1.1", ""),
    ],
)
def test_addresses_are_brought_to_one_spelling(written, read):
    assert one_spelling(written) == read


@pytest.mark.parametrize(
    ("proxies", "told", "read"),
    [
        (0, "198.51.100.1", "192.0.2.1"),  # not believed
        (1, None, "192.0.2.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.5, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.5, 198.51.100.1", "203.0.113.5"),
        (2, "198.51.100.1", "192.0.2.1"),  # came round a proxy
        (1, "203.0.113.5, unknown", "192.0.2.1"),
        (1, "203.0.113.5,", "192.0.2.1"),
        (1, "203.0.113.5, ::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_forwarded_for_is_believed_as_far_as_proxies_are_trusted(
    settings, proxies, told, read
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {} if told is None else {"x-forwarded-for": told}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=headers)
    assert get_adapter().get_client_ip(request) == read


@pytest.mark.parametrize("connection", ["", "garbage"])
def test_an_unknown_address_is_not_counted_as_somebody_elses(connection):
    request = RequestFactory(REMOTE_ADDR=connection).get("/")
    with pytest.raises(PermissionDenied):
        get_adapter().get_client_ip(request)


def fail(address, number):
    """A wrong password from there; its status."""
    return Client(SERVER_NAME="localhost").post(
        "/api/token/",
        json.dumps({"email": f"p{number}@example.org", "password": "x"}),
        content_type="application/json",
        REMOTE_ADDR=address,
    ).status_code  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "form", ["::ffff:198.19.{}.7", "64:ff9b::198.19.{}.7", "2002:c613:{:02x}07::1"]
)
def test_ipv4_clients_written_as_ipv6_do_not_share_a_limit(form):
    codes = [fail(form.format(number), number) for number in range(13)]
    assert codes == [401] * 13
    codes = [fail(form.format(77), number) for number in range(13)]
    assert codes == [401] * 10 + [429] * 3


@pytest.mark.django_db
def test_one_ipv4_client_has_one_limit_however_it_is_written():
    forms = ("198.19.0.7", "::ffff:198.19.0.7", "64:ff9b::198.19.0.7",
             "2002:c613:7::1", "2002:c613:7:1::1")  # fmt: skip
    codes = [fail(forms[number % 5], number) for number in range(12)]
    assert codes == [401] * 10 + [429] * 2


def sign_in_from(address):
    browser = Client(SERVER_NAME="localhost", headers={"user-agent": "Mozilla/5.0"})
    browser.defaults["REMOTE_ADDR"] = address
    assert sign_in_by_form(browser).status_code == 302
    return sum(mail.subject == SUBJECT for mail in deliver_mail())


@pytest.mark.django_db(transaction=True)
def test_another_ipv4_client_is_a_new_device(make_person):
    make_person()
    assert sign_in_from("::ffff:203.0.113.5") == 0
    assert sign_in_from("203.0.113.9") == 0  # the same network
    assert sign_in_from("::ffff:198.51.100.9") == 1


@pytest.mark.django_db(transaction=True)
def test_sign_ins_kept_in_the_old_spelling_are_known(make_person):
    make_person()
    assert sign_in_from("203.0.113.5") == 0
    kept = Event.objects.values_list("ip", flat=True)
    assert set(kept) == {"203.0.113.5"}
    Event.objects.update(ip="::ffff:203.0.113.5")
    assert sign_in_from("203.0.113.5") == 0


ODD = ("203.0.113.9:4711", "[2001:db8::1]:443", "fe80::1%eth0", "[fe80::1%eth0]:1",
       "unknown", "_x", "", ",", "::ffff:203.0.113.9", "x" * 5000, "\xff", "1.2.3.4.5",
       "::%", "[::1", "0x7f.1")  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("odd", ODD)
def test_odd_forwarded_for_signs_in_and_out_without_an_error(
    make_person, settings, odd
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    make_person()
    for path in ("/", "/accounts/login/", "/api/token/verify/", "/healthz"):
        answer = Client(SERVER_NAME="localhost", raise_request_exception=False).post(
            path, headers={"x-forwarded-for": odd}
        )
        assert answer.status_code < 500, path
    browser = Client(SERVER_NAME="localhost", headers={"x-forwarded-for": odd})
    assert sign_in_by_form(browser).status_code == 302
    pair = Api(HTTP_X_FORWARDED_FOR=odd).tokens()
    assert Api(HTTP_X_FORWARDED_FOR=odd).refresh(pair["refresh"]).status_code == 200
    assert browser.get("/accounts/sessions/").status_code == 200
    browser.post("/accounts/logout/")


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_and_shown_is_the_ipv4_address(make_person):
    make_person()
    address = {"REMOTE_ADDR": "::ffff:203.0.113.9"}
    browser = Client(SERVER_NAME="localhost", **address)
    assert sign_in_by_form(browser).status_code == 302
    Api(**address).tokens()
    for kept in (Event, Family, UserSession):
        known = kept.objects.exclude(ip=None)
        assert set(known.values_list("ip", flat=True)) == {"203.0.113.9"}
    browser.post("/accounts/password/reset/", {"email": "maya@example.org"})
    assert "From: 203.0.113.9" in deliver_mail()[-1].body


@pytest.mark.django_db
def test_log_lines_have_the_address_that_is_counted_not_the_one_that_is_claimed():
    import structlog

    claimed = {"x-forwarded-for": "198.51.100.1", "x-real-ip": "198.51.100.2"}
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        Client(SERVER_NAME="localhost", REMOTE_ADDR="::ffff:203.0.113.9").get(
            "/accounts/login/", headers=claimed
        )
    assert {line["ip"] for line in lines} == {"203.0.113.9"}


def test_nothing_else_reads_the_address():
    """A second reader would have its own idea of who the client is."""
    from pathlib import Path

    from django.conf import settings

    readers = {
        str(file.relative_to(settings.BASE_DIR))
        for part in ("accounts", "authsite")
        for file in (Path(settings.BASE_DIR) / part).rglob("*.py")
        if "REMOTE_ADDR" in (text := file.read_text()) or "FORWARDED_FOR" in text
    }
    assert readers == {
        "accounts/policy/client_address.py",
        # asks for the peer, and whether a proxy says anything at all
        "accounts/policy/development.py",
        "authsite/gateway.py",  # writes REMOTE_ADDR
    }


@pytest.mark.django_db
def test_the_right_password_from_beside_a_guesser_is_not_limited(make_person):
    make_person()
    for number in range(12):
        fail("::ffff:198.51.100.9", number)
    answer = Api(REMOTE_ADDR="::ffff:203.0.113.5").sign_in(password=PASSWORD)
    assert answer.status_code == 200
