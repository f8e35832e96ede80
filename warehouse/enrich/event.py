"""All that enrichment says of one event, as columns of its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Protocol

import msgspec

from sdk_contract.canonical import Event
from sdk_contract.cleaning import clean_properties
from warehouse.enrich.agent import UNKNOWN, read_agent
from warehouse.enrich.bots import judge_bot
from warehouse.enrich.clock import moment
from warehouse.enrich.devices import DeviceClocks
from warehouse.enrich.visits import Visit, read_visit
from warehouse.segments import Place

ENRICHED: Final = (
    *("timestamp", "clock", "clock_offset", "repeated", "original_timestamp", "sent_at", "ip", "user_agent"),
    *("browser", "os_name", "os_version", "device_type", "device_model", "is_bot", "bot_reason"),
    *("country", "region", "city", "uncleaned"),
    *Visit._fields,
)
_WITH_A_PAGE: Final = frozenset(("track", "page", "screen"))
_CLICKED: Final = frozenset(("track", "page"))
_OF_TRAITS: Final = frozenset(("identify", "group"))
_NOWHERE: Final = Place()
_NO_VISIT: Final = Visit()
_encode = msgspec.json.Encoder().encode


class Cleans(Protocol):
    """A compiled tracking plan, as far as it says how values are cleaned."""

    def cleaners(self, of_type: str, name: str | None) -> Mapping[tuple[str, ...], str]: ...


Plans = Callable[[str, str], Cleans | None]


class Asked(msgspec.Struct):
    """What an event's request brings to it; times are µs UTC. `plan` is of the version that judged it."""

    project: str
    received_at: int
    sent_at: int | None
    ip: str | None
    user_agent: str | None
    place: Place | None
    places: dict[int, Place]
    clocks: DeviceClocks
    plan: Cleans | None


def enrich(event: Event, asked: Asked, index: int, message_id: str, *, taken: bool) -> tuple[Any, ...]:
    """The values of `ENRICHED` for event number `index` of a request. Cleans its properties and traits.

    `taken`: the door took the event; of one that was refused nothing is cleaned or remembered.
    """
    uncleaned = _clean(event, asked.plan) if taken and asked.plan is not None else None
    place = asked.places.get(index) or asked.place or _NOWHERE
    return (
        *_moment(event, asked, message_id, taken),
        *_agent(event, asked),
        *(place.country, place.region, place.city),
        uncleaned,
        *_visit(event),
    )


def _moment(event: Event, asked: Asked, message_id: str, taken: bool) -> tuple[Any, ...]:
    original, received = event.timestamp, asked.received_at
    sent = asked.sent_at if event.sent_at is None else event.sent_at
    if event.anonymous_id is None:
        return (*moment(original, sent, received, None), None, original, sent)
    is_deed = taken and event.type in _CLICKED
    deed = hash((event.type, event.event, event.properties)) if is_deed else None
    device = (asked.project, event.anonymous_id)
    found, repeated = asked.clocks.see(device, original, sent, received, deed, message_id)
    return (*found, repeated, original, sent)


def _agent(event: Event, asked: Asked) -> tuple[Any, ...]:
    text = event.user_agent or asked.user_agent
    told = _told(
        text, event.os_name, event.os_version, event.device_type, event.device_model,
        event.library_name, event.webdriver, event.screen_width, event.screen_height,
    )  # fmt: skip
    return (event.ip or asked.ip, text, *told)


@lru_cache(maxsize=16_384)
def _told(
    text: str | None, os_name: str | None, os_version: str | None, device_type: str | None, model: str | None,
    library: str | None, webdriver: bool | None, width: int | None, height: int | None,
) -> tuple[Any, ...]:  # fmt: skip
    """Browser, system, device and bot: what the SDK says goes before what the user agent tells."""
    agent = read_agent(text) if text else UNKNOWN
    return (
        agent.browser,
        *((agent.os_name, agent.os_version) if os_name is None else (os_name, os_version)),
        *(device_type or agent.device_type, model or agent.device_model),
        *judge_bot(text, library, webdriver, width, height),
    )


def _visit(event: Event) -> tuple[Any, ...]:
    """What the page says; what the SDK itself says of its parts goes first."""
    campaign = (
        event.campaign_source, event.campaign_medium, event.campaign_name,
        event.campaign_term, event.campaign_content,
    )  # fmt: skip
    if event.page_url is None or event.type not in _WITH_A_PAGE:
        return (None, event.page_path, event.page_search, *campaign, *_NO_VISIT[8:])
    visit = read_visit(event.page_url, event.page_referrer, campaign)
    if event.page_path is None and event.page_search is None:
        return visit
    return (visit[0], event.page_path or visit[1], event.page_search or visit[2], *visit[3:])


def _clean(event: Event, plan: Cleans) -> str | None:
    """Cleans what the plan names; gives pointer -> value as sent (JSON), None where all was clean."""
    cleaners = plan.cleaners(event.type, event.event)
    if not cleaners:
        return None
    field = "traits" if event.type in _OF_TRAITS else "properties"
    text = getattr(event, field)
    found = clean_properties(text, cleaners) if text else None
    if found is None:
        return None
    setattr(event, field, found[0])
    return _encode({f"/{field}{pointer}": value for pointer, value in found[1].items()}).decode()
