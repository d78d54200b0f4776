"""Whether work grows faster than its input: a ratio of times, never a time."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Twice and four times the input take two and four times as long when work is linear,
#: four and sixteen times when it is quadratic. Both bounds stand between the two.
TWICE, FOURFOLD = 3.0, 8.0
#: What one measurement of the shortest input takes at least, in seconds: below it the
#: clock's own error would be measured.
LEAST = 0.001
MOST_TURNS = 400
#: How often each size is measured; more often when it looked bad.
ROUNDS = (1, 3, 5)


def grows_faster(
    call: Callable[[Any], object], make: Callable[[int], Any], most: int
) -> str:
    """What was seen when work on make(most) grows faster than its size; else "".

    Measured is this thread's own processor time, so that what else the machine does
    counts little. What looks worse than linear is measured again, in more rounds of
    which the least counts: noise does not come back, a wrong algorithm does.
    """
    was_on = gc.isenabled()
    gc.disable()  # a collection walks through everything that the process holds
    try:
        return _growth(call, make, most)
    finally:
        if was_on:
            gc.enable()


def _growth(
    call: Callable[[Any], object], make: Callable[[int], Any], most: int
) -> str:
    sizes = (most // 4, most // 2, most)
    inputs = [make(size) for size in sizes]
    turns, seen = _turns(call, inputs[0]), ""
    for rounds in ROUNDS:
        quarter, half, full = (
            min(_spent(call, given, turns) for _ in range(rounds)) for given in inputs
        )
        bounds = (full <= half * TWICE, full <= quarter * FOURFOLD)
        if all(bounds) or (rounds > 1 and any(bounds)):
            return ""
        times = ", ".join(f"{1e6 * one / turns:.0f}" for one in (quarter, half, full))
        seen = f"{times} µs at sizes {sizes}"
    return seen


def _turns(call: Callable[[Any], object], given: Any) -> int:
    once = max(_spent(call, given, 1), 1e-9)
    return max(1, min(MOST_TURNS, round(LEAST / once)))


def _spent(call: Callable[[Any], object], given: Any, turns: int) -> float:
    began = time.thread_time()
    for _ in range(turns):
        call(given)
    return time.thread_time() - began
