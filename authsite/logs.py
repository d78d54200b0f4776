"""Logs: one line an event, JSON or for the console, with the request's id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from django.http import HttpRequest


def logging_config(*, level: str, form: str) -> dict[str, Any]:
    """LOGGING for Django; also sets structlog up. `form` is json or console."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_paths,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Both renderers quote control characters, so that no input can forge a line.
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": shared,
            },
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        # Django's own handlers would write every line a second time.
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # django-structlog tells of each request already.
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
            "django_tasks": {"level": "WARNING"},
            "django_tasks_db": {"level": "ERROR"},
        },
    }


def bind_address(request: HttpRequest, **_: Any) -> None:
    """Add the client's address to the log lines of a request (a signal's receiver)."""
    from accounts.policy.client_address import client_address

    structlog.contextvars.bind_contextvars(ip=client_address(request) or None)


#: What a path may hold that opens something: the key of a link from a mail.
KEYS = re.compile(r"(/(?:reset/key|confirm-email|not-me|close/undo)/)[^/\s\"'?]+")


def mask_paths(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: no keys of links, no queries (codes of providers)."""
    for word, value in event.items():
        if isinstance(value, str):
            event[word] = KEYS.sub(r"\1***", value)
    if isinstance(event.get("request"), str):
        event["request"] = event["request"].partition("?")[0]
    return event
