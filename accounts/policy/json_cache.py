"""A Redis cache whose values are JSON: write access to Redis runs no code here."""

from __future__ import annotations

import json
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.redis import RedisCache


class Undecodable(ValueError):
    """A stored value is not JSON, such as a pickle from an earlier version."""


class JSONSerializer:
    """For RedisCache's option "serializer".

    Tuples come back as lists. An integer is its digits, which Redis can increment.
    """

    def dumps(self, value: Any) -> bytes:
        """Raises TypeError or ValueError for what JSON cannot hold."""
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        """Raises Undecodable."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise Undecodable from None


class JSONRedisCache(RedisCache):
    """Reads a value that cannot be decoded as a missing one."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        try:
            return super().get(key, default, version)
        except Undecodable:
            return default

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        """The values of the keys that have one."""
        keys = list(keys)
        try:
            return super().get_many(keys, version)
        except Undecodable:
            return BaseCache.get_many(self, keys, version)
