"""Programs that are no person's browser or app: marked, with the reason; nothing is dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from warehouse.enrich.agent import READ_LENGTH, read_agent
from warehouse.enrich.tables import read_table

# Every reason there is.
REASONS: Final[Mapping[str, str]] = {
    "crawler": "the user agent is a crawler's, a monitor's or a preview's by name",
    "headless": "the user agent is that of a browser without a screen, or of a test tool",
    "automation": "the browser says that a program drives it (`navigator.webdriver`, sent in the context)",
    "http_library": "the SDK runs in browsers only, and the user agent is that of an HTTP library",
    "no_user_agent": "the SDK runs in browsers only, and there is no user agent",
    "screen": "the SDK runs in browsers only, and no screen has the size that it tells",
}


class Bot(NamedTuple):
    """Whether it is one, None where nothing tells, and the reason where it is."""

    is_bot: bool | None
    reason: str | None


class _Patterns(NamedTuple):
    crawlers: re.Pattern[str]
    headless: re.Pattern[str]
    http_libraries: re.Pattern[str]
    browser_libraries: frozenset[str]
    smallest: int
    largest: int


@cache
def _patterns() -> _Patterns:
    table: dict[str, Any] = read_table("bots")
    crawlers, headless, libraries = (
        re.compile("|".join(f"(?:{one})" for one in table[name]), re.IGNORECASE)
        for name in ("crawlers", "headless", "http_libraries")
    )
    browsers = frozenset(map(str.lower, table["browser_libraries"]))
    return _Patterns(
        crawlers, headless, libraries, browsers, table["smallest_screen"], table["largest_screen"]
    )


@lru_cache(maxsize=16_384)
def judge_bot(
    user_agent: str | None, library: str | None, automated: bool | None, width: int | None, height: int | None
) -> Bot:
    """Judges by what the event says; server SDKs have an HTTP library's user agent and are no bots."""
    patterns = _patterns()
    reason = _by_agent(user_agent[:READ_LENGTH], patterns) if user_agent else None
    if reason is None and automated:
        reason = "automation"
    if reason is None and library is not None and library.lower() in patterns.browser_libraries:
        reason = _as_browser(user_agent, width, height, patterns)
    if reason is not None:
        return Bot(True, reason)
    return Bot(False if user_agent else None, None)


def _by_agent(text: str, patterns: _Patterns) -> str | None:
    if patterns.headless.search(text):
        return "headless"
    return "crawler" if read_agent(text).is_bot or patterns.crawlers.search(text) else None


def _as_browser(text: str | None, width: int | None, height: int | None, patterns: _Patterns) -> str | None:
    if not text:
        return "no_user_agent"
    if patterns.http_libraries.search(text):
        return "http_library"
    sizes = [size for size in (width, height) if size is not None]
    return "screen" if any(not patterns.smallest <= size <= patterns.largest for size in sizes) else None
