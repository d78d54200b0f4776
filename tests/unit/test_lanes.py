"""Requests that hash: so many at once, a bounded number behind them, and learned."""

from __future__ import annotations

import asyncio

import pytest

from authsite.bodies import Gone
from authsite.lanes import QUEUE_LEAST, CallLane, HashLane

LOGIN = {"REQUEST_METHOD": "POST", "PATH_INFO": "/accounts/login/"}
OTHER = {"REQUEST_METHOD": "POST", "PATH_INFO": "/somewhere/"}


def test_what_has_hashed_is_known_and_no_more_than_fits():
    lane = HashLane(2)
    assert lane.takes(LOGIN)
    assert not lane.takes(LOGIN | {"REQUEST_METHOD": "GET"})
    assert not lane.takes(OTHER)
    lane.learn(OTHER)
    assert lane.takes(OTHER)
    for number in range(1000):
        lane.learn(OTHER | {"PATH_INFO": f"/{number}/"})
    assert not lane.takes(OTHER | {"PATH_INFO": "/999/"})


def test_width_run_and_the_queue_is_bounded():
    async def play():
        lane, done, running = HashLane(2), asyncio.Event(), []

        async def request():
            async with lane.turn(asyncio.Future):  # a client that stays
                running.append(1)
                await done.wait()

        tasks = [asyncio.create_task(request()) for _ in range(2 + QUEUE_LEAST)]
        await asyncio.sleep(0)
        assert (len(running), lane.waiting) == (2, QUEUE_LEAST)
        lane.seconds = 0.01
        assert not lane.is_full()  # that is done soon
        lane.seconds = 1.0
        assert lane.is_full()
        tasks.pop().cancel()  # a client that left waits no more
        await asyncio.sleep(0)
        assert not lane.is_full()
        done.set()
        await asyncio.gather(*tasks)
        assert lane.waiting == 0
        assert len(running) == 2 + QUEUE_LEAST - 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("path", "calls_out"),
    [
        ("/accounts/google/login/", True),
        ("/accounts/github/login/callback/", True),
        ("/accounts/oidc/oidc/login/", True),
        ("/accounts/oidc/oidc/login/callback/", True),
        ("/_allauth/app/v1/auth/provider/token", True),
        ("/_allauth/browser/v1/auth/provider/redirect", True),
        ("/accounts/login/", False),
        ("/accounts/login/code/", False),
        ("/_allauth/app/v1/auth/provider/signup", False),
    ],
)
def test_paths_that_call_out(path, calls_out):
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path}
    assert CallLane(1).takes(environ) is calls_out


def test_a_client_that_leaves_the_queue_gives_its_place_up():
    async def play():
        lane, done = CallLane(1), asyncio.Event()
        messages = [{"type": "http.request"}, {"type": "http.disconnect"}]

        async def leave():
            return messages.pop(0)

        async def request(receive):
            async with lane.turn(receive):
                await done.wait()

        first = asyncio.create_task(request(asyncio.Future))
        await asyncio.sleep(0)
        with pytest.raises(Gone):
            await request(leave)
        assert lane.waiting == 0
        last = asyncio.create_task(request(asyncio.Future))
        done.set()
        await asyncio.gather(first, last)

    asyncio.run(play())
