"""What a user agent says about browser, system and device; parsed once for each distinct text."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

READ_LENGTH = 512
_GENERIC = frozenset({"Generic", "Generic_Android", "Spider"})


class Agent(NamedTuple):
    """Browser, operating system and device as far as they can be told.

    `is_bot` is None without a user agent.
    """

    browser: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    device_type: str | None = None
    device_model: str | None = None
    is_bot: bool | None = None


UNKNOWN = Agent()


@lru_cache(maxsize=8192)
def read_agent(text: str) -> Agent:
    """Reads the first 512 characters; costs 0.3 to 2 ms for a text that the cache lacks."""
    from user_agents import parse  # a seventh of a second, which most programs never need

    seen = parse(text[:READ_LENGTH])
    return Agent(
        _known(seen.browser.family),
        _known(seen.os.family),
        seen.os.version_string or None,
        _device_type(seen),
        None if seen.device.brand in _GENERIC else _known(seen.device.model),
        bool(seen.is_bot),
    )


def _known(name: str | None) -> str | None:
    return None if name in (None, "", "Other") else name


def _device_type(seen: object) -> str | None:
    for name, attribute in (("mobile", "is_mobile"), ("tablet", "is_tablet"), ("desktop", "is_pc")):
        if getattr(seen, attribute):
            return name
    return None
