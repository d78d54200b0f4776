"""The shared cache, with a database table to count limits in while it is away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog
from django.core.cache import caches
from redis.exceptions import RedisError

from accounts.policy.json_cache import JSONRedisCache

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)
#: After a failure the cache is left alone for this long, so that each request does
#: not wait for its timeout again.
REST_SECONDS = 5.0


class FallbackRedisCache(JSONRedisCache):
    """Valkey or Redis; when it does not answer, the "fallback" cache serves instead.

    Counts that were in the cache are not in the table: at the switch a limit starts
    anew once, but it never stops counting. It fails open for nobody.
    """

    _resting_until = 0.0

    def is_away(self) -> bool:
        """Whether it failed lately, so that the table counts instead."""
        return time.monotonic() < FallbackRedisCache._resting_until

    def _or_fallback(self, name: str, call: Callable[[], Any], args: Any) -> Any:
        positional, named = args
        if not self.is_away():
            try:
                return call()
            except RedisError as error:
                FallbackRedisCache._resting_until = time.monotonic() + REST_SECONDS
                log.warning("cache_away", error=type(error).__name__)
        return getattr(caches["fallback"], name)(*positional, **named)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        """Set when absent; the atomic step of every lock and counter."""
        return self._or_fallback(
            "add",
            lambda: super(FallbackRedisCache, self).add(*args, **kwargs),
            (args, kwargs),
        )

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """The value, or the default."""
        return self._or_fallback(
            "get",
            lambda: super(FallbackRedisCache, self).get(*args, **kwargs),
            (args, kwargs),
        )

    def set(self, *args: Any, **kwargs: Any) -> Any:
        """Set a value."""
        return self._or_fallback(
            "set",
            lambda: super(FallbackRedisCache, self).set(*args, **kwargs),
            (args, kwargs),
        )

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Whether there was something to delete."""
        return self._or_fallback(
            "delete",
            lambda: super(FallbackRedisCache, self).delete(*args, **kwargs),
            (args, kwargs),
        )

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        """Give a key a new time to live."""
        return self._or_fallback(
            "touch",
            lambda: super(FallbackRedisCache, self).touch(*args, **kwargs),
            (args, kwargs),
        )

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        """Add to a number."""
        return self._or_fallback(
            "incr",
            lambda: super(FallbackRedisCache, self).incr(*args, **kwargs),
            (args, kwargs),
        )
