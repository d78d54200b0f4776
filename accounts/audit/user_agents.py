"""What a browser or app is called: by its own word, or by ua-parser's alone.

ua-parser copies some names out of the text: a client that sends the User-Agent
`Call 0800/1 CFNetwork` is "Call 0800" to it. Where a name goes to anyone but its
sender, only names that are written out in ua-parser's data may be used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from ua_parser import load_builtins, parse_os, parse_user_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Characters of a User-Agent that are kept and parsed; a parse takes up to 3 ms then.
LONGEST = 400
#: Where a capturing group of a regular expression begins.
GROUP = re.compile(r"(?<!\\)\((?!\?)")
#: Its pieces: what is escaped, a class of characters, any other character.
PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.")
#: What a name may hold in an email: nothing that reads as a link.
NAME = re.compile(r"[A-Za-z0-9 ()+-]{1,40}")
SYSTEMS = {"Mac OS X": "macOS"}


@dataclass(frozen=True, slots=True)
class Agent:
    """The names of browser and system; "" for what ua-parser does not find."""

    browser: str
    system: str


def read(user_agent: str) -> Agent:
    """Both names as ua-parser finds them; it keeps the last 2,000 by itself."""
    text = user_agent[:LONGEST]
    browser, system = parse_user_agent(text), parse_os(text)
    return Agent(browser.family if browser else "", system.family if system else "")


def read_known(user_agent: str) -> Agent:
    """The same, but for names that the text itself has made up."""
    found = read(user_agent)
    return Agent(
        found.browser if found.browser in known_names() else "",
        found.system if found.system in known_names() else "",
    )


@cache
def known_names() -> frozenset[str]:
    """Every name of a browser or system that is written out in ua-parser's data."""
    browsers, systems, _ = load_builtins()
    names = chain.from_iterable(map(_names, chain(browsers, systems)))
    return frozenset(name for name in names if NAME.fullmatch(name))


def _names(matcher: Any) -> Iterator[str]:
    # "$1" is what the first group of the pattern has matched: a name, when all
    # of one of its alternatives is plain.
    if "$1" not in matcher.family:
        yield matcher.family
        return
    for words in _first_group(matcher.regex):
        yield matcher.family.replace("$1", words)


def _first_group(regex: str) -> list[str]:
    """The alternatives of a regular expression's first capturing group."""
    start = GROUP.search(regex)
    if start is None:
        return []
    found, depth = [""], 0
    for part in PARTS.findall(regex, start.end()):
        depth += (part == "(") - (part == ")")
        if depth < 0:
            break
        if part == "|" and not depth:
            found.append("")
        else:
            found[-1] += part
    return found
