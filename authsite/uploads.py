"""Which views take more than the usual body: those marked by accounts.uploads.max_body.

Asked before a body is read, so by path alone, and only about bodies that are large or
not text: resolving every path a second time would slow down every request.
"""

from __future__ import annotations

from django.urls import Resolver404, resolve


def declared_limit(path: str) -> int:
    """The bytes that the view at this path takes; 0 when it does not say."""
    try:
        view = resolve(path).func
    except Resolver404:
        return 0
    marks = (view, getattr(view, "view_class", None), getattr(view, "cls", None))
    return max(getattr(mark, "max_body", 0) for mark in marks)
