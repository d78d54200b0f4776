"""The URLs as DEBUG has them."""

from __future__ import annotations

from accounts.pages import mailbox
from authsite.urls import (
    handler400,
    handler403,
    handler404,
    handler429,
    handler500,
    urlpatterns,
)

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]
urlpatterns = [*mailbox.urlpatterns, *urlpatterns]
