"""Static files with hashed names, compressed once and not again at each start."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

UNPACK = {".br": brotli.decompress, ".gz": gzip.decompress}
BROKEN = (OSError, EOFError, zlib.error, brotli.error)


class OnceCompressor(Compressor):
    """Leaves alone what it has done: packing took most of the time before a start."""

    def compress(self, path: str) -> list[str]:
        """The names of the compressed files, made now or before."""
        data = Path(path).read_bytes()
        if all(_unpacks_to(data, path, suffix) for suffix in UNPACK):
            return [path + suffix for suffix in UNPACK]
        found: list[str] = super().compress(path)
        return found


def _unpacks_to(data: bytes, path: str, suffix: str) -> bool:
    """Whether it is whole, and of these very bytes; milliseconds for a megabyte."""
    try:
        return bool(UNPACK[suffix](Path(path + suffix).read_bytes()) == data)
    except BROKEN:
        return False


class Storage(CompressedManifestStaticFilesStorage):
    """Whitenoise's, by its own hook."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """See OnceCompressor."""
        return OnceCompressor(**kwargs)
