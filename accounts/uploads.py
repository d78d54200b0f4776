"""Larger request bodies, for the views that ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

View = TypeVar("View", bound="Callable[..., Any]")


def max_body(size: int) -> Callable[[View], View]:
    """Let a view, a function or a class, take bodies of up to `size` bytes.

    Without it the limit is 256 KiB. Bodies above that wait on disk, not in memory,
    until they are complete. The view's parsers decide which content types it reads.
    """

    def mark(view: View) -> View:
        view.max_body = size  # type: ignore[attr-defined] # functions and classes alike
        return view

    return mark
