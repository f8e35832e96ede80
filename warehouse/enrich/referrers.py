"""Which sort of site sent a visitor: search, social, mail, ai, video, shopping."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, NamedTuple

from warehouse.enrich.tables import read_table

# Second levels under which names are given away: google.co.uk is google, evil.uk is not.
_SECOND_LEVELS: Final = frozenset(
    ("com", "co", "org", "net", "edu", "gov", "ac", "ne", "or", "go", "gob", "gen")
)
_LABELS: Final = 12


class Site(NamedTuple):
    """A site that is known: its class and name."""

    kind: str
    name: str


class _Sites(NamedTuple):
    hosts: dict[str, Site]
    anywhere: dict[str, Site]  # under any top-level domain
    sources: dict[str, Site]


@cache
def _sites() -> _Sites:
    sites = _Sites({}, {}, {})
    for kind, named in read_table("referrers").items():
        for name, entries in named.items():
            _add(sites, Site(kind, str(name)), [str(entry) for entry in entries])
    return sites


def _add(sites: _Sites, site: Site, entries: list[str]) -> None:
    into = None
    for entry in entries:
        if entry.startswith("as "):
            into, entry = sites.sources, entry.removeprefix("as ")
        if into is not None:
            into[entry] = site
        elif entry.endswith(".*"):
            sites.anywhere[entry.removesuffix(".*")] = site
        else:
            sites.hosts[entry] = site


@lru_cache(maxsize=8192)
def site_of(host: str) -> Site | None:
    """The known site that a host (lower case) belongs to; of several the one with the longest name."""
    sites, labels = _sites(), host.split(".")
    if len(labels) > _LABELS:
        return None
    for start in range(len(labels)):
        rest = labels[start:]
        if found := sites.hosts.get(".".join(rest)):
            return found
        if len(rest) > 1 and _is_top_level(rest[1:]) and (found := sites.anywhere.get(rest[0])):
            return found
    return None


@lru_cache(maxsize=8192)
def site_of_source(source: str) -> Site | None:
    """The known site that a utm_source names, by name or by host."""
    name = source.strip().lower()
    return _sites().sources.get(name) or (site_of(name) if "." in name else None)


def is_same_site(host: str, other: str) -> bool:
    """Whether two hosts are one owner's as far as their names tell: shop.example.com and www.example.com."""
    return _registered(host) == _registered(other)


def _registered(host: str) -> str:
    labels = host.split(".")
    if labels[-1].isdigit():
        return host
    keep = 3 if len(labels) > 2 and _is_top_level(labels[-2:]) else 2
    return ".".join(labels[-keep:])


def _is_top_level(labels: list[str]) -> bool:
    if len(labels) == 1:
        return labels[0].isalpha()
    return len(labels) == 2 and labels[0] in _SECOND_LEVELS and len(labels[1]) == 2
