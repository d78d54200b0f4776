"""The pages that people see: consent, and what went wrong."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from tests.standins.server import Answer
from tests.standins.store import Person

if TYPE_CHECKING:
    from tests.standins.store import Asked

FRAME = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
FORM = Template(Path(__file__).with_name("consent.html").read_text(encoding="utf-8"))
PEOPLE = (
    Person("1001", "Noor Haddad", "noor@example.com"),
    Person("1002", "Tomás Rey", "tomas@example.com"),
    Person("1003", "Maya Lindqvist", "person@example.com"),  # of `manage.py demo` too
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'",
}


def consent(provider: Any, ticket: str, asked: Asked) -> Answer:
    """Whom to be, and what is to go wrong."""
    people = [
        f'<button class="person" name="person" value="{person.sub}">'
        f"<b>{escape(person.name)}</b><span>{escape(person.email)}</span></button>"
        for person in PEOPLE
    ]
    misfortunes = [
        f'<option value="{word}">{escape(text)}</option>'
        for word, text in provider.misfortunes.items()
    ]
    form = FORM.substitute(
        action=f"{provider.base}/consent",
        ticket=ticket,
        site=escape(asked.redirect_uri.split("/")[2]),
        scope=escape(asked.scope),
        people="\n".join(people),
        misfortunes="\n".join(misfortunes),
    )
    return page(provider.label, form)


def trouble(label: str, what: str, status: int) -> Answer:
    """Why it cannot go on."""
    return page(label, f"<h1>This cannot go on</h1><p>{escape(what)}</p>", status)


def page(label: str, body: str, status: int = 200) -> Answer:
    """In the frame that says what this is."""
    text = FRAME.substitute(label=escape(label), body=body)
    return Answer(text, status, headers=HEADERS)
