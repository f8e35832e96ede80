"""What a page of the console leads to: links, parts that it loads by itself, files that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

import msgspec
from starlette.routing import Match

from warehouse.console.app import ROUTES

# A file, a stream, a choice or a way out: no page.
_NO_PAGES: Final = ("/static", "/live", "/prefer", "/api", "/login", "/logout")
_FILES: Final = (".csv", ".json", ".parquet", ".sql", ".pdf", ".png", ".html", ".yaml", ".md", ".zip")


_CONVERTED: Final = re.compile(r":\w+}")


class Links(msgspec.Struct, frozen=True):
    """Addresses without origin: `pages` to go to, `parts` loaded by themselves, `files` of the page."""

    pages: tuple[str, ...]
    parts: tuple[str, ...]
    files: tuple[str, ...]


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []
        self.parts: list[str] = []
        self.files: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "download" not in given:
            self.pages.append(given.get("href", ""))
        if "hx-get" in given and "load" in given.get("hx-trigger", ""):
            self.parts.append(given["hx-get"])
        if tag == "link" and given.get("rel") in ("icon", "stylesheet"):
            self.files.append(given.get("href", ""))
        if tag in ("script", "img") and "src" in given:
            self.files.append(given["src"])


def links(html: str, address: str) -> Links:
    """Of a page at this address."""
    found = _Reading()
    found.feed(html)
    found.close()
    return Links(
        tuple(one for one in _own(found.pages, address) if _is_page(one)),
        tuple(_own(found.parts, address)),
        tuple(_own(found.files, address)),
    )


def name_of(address: str) -> str:
    """The route that answers an address, which it is counted under: `/customers/{any_id}`."""
    scope = {"type": "http", "method": "GET", "path": urlsplit(address).path, "headers": []}
    found = (route for route in ROUTES if route.matches(scope)[0] is Match.FULL)
    path: str = getattr(next(found, None), "path", urlsplit(address).path)
    return _CONVERTED.sub("}", path)


def _own(addresses: list[str], at: str) -> Iterable[str]:
    """Those of the same origin, each once, as path and query."""
    whole = dict.fromkeys(urldefrag(urljoin(at, address))[0] for address in addresses)
    return (one for one in whole if one.startswith("/") and not one.startswith("//"))


def _is_page(address: str) -> bool:
    parts = urlsplit(address)
    within = any(parts.path == one or parts.path.startswith(f"{one}/") for one in _NO_PAGES)
    return not (within or parts.path.endswith(_FILES) or "format=" in parts.query)
