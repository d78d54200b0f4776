"""Time, so that a test can hold it still."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Clock:
    """Both in seconds: `wall` since the epoch (dates in tokens), `monotonic` (ages)."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
