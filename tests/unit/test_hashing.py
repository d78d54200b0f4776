"""Hash slots: one hash a core, a short queue, then 503 before any work."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.hashers import check_password, make_password

from accounts.policy import hashing
from accounts.policy.hashing import Busy, HashSlots
from tests.fixtures import sign_in_by_form


@pytest.mark.usefixtures("production_hashes")
def test_the_parameters_are_owasps():
    encoded = make_password("x")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("x", encoded)
    assert not check_password("y", encoded)


def test_a_queue_worth_more_than_a_second_is_refused_at_once():
    slots = HashSlots(1, seconds=0.5)
    inside, free = threading.Semaphore(0), threading.Event()

    def work():
        with slots.take():
            inside.release()
            free.wait(5)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.acquire(timeout=5)
    while slots.inside < 3:
        threading.Event().wait(0.01)
    with pytest.raises(Busy), slots.take():
        raise AssertionError
    free.set()
    for thread in threads:
        thread.join(5)
    assert slots.inside == 0


@pytest.mark.parametrize("algorithm", ["argon2", "pbkdf2_sha256", "scrypt"])
def test_every_kind_of_hash_takes_one_slot(monkeypatch, algorithm):
    """Imported ones too: they cost more than our own."""
    taken = []
    real = hashing.slots.take

    def counting():
        taken.append(algorithm)
        return real()

    encoded = make_password("x", hasher=algorithm)
    monkeypatch.setattr(hashing.slots, "take", counting)
    assert check_password("x", encoded, preferred=algorithm)
    assert taken == [algorithm]
    assert hashing.slots.inside == 0


@pytest.fixture
def full(monkeypatch):
    """All slots taken and a long queue."""
    slots = HashSlots(1, seconds=1.0)
    slots.inside = 100
    monkeypatch.setattr(hashing, "slots", slots)


@pytest.mark.django_db(transaction=True)
def test_every_door_answers_503_with_retry_after(make_person, browser, api, full):
    browser.raise_request_exception = False
    body = {"email": "nobody@example.org", "password": "x"}
    answers = [
        sign_in_by_form(browser, "nobody@example.org", "x"),
        api.sign_in("nobody@example.org", "x"),
        browser.post("/_allauth/app/v1/auth/login", body, "application/json"),
    ]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {answer["Retry-After"] for answer in answers} == {"1"}
    assert b"Too busy just now" in answers[0].content
    assert answers[1].json()["code"] == "unavailable"
