"""Requests that hash: so many at once, a bounded number behind them, and learned."""

from __future__ import annotations

import asyncio

from authsite.lanes import QUEUE_LEAST, HashLane

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
            async with lane.turn():
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
