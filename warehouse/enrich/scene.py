"""Where and with what events happened: their context, and what enrichment makes of it. Many share one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sdk_contract.canonical import Event
from sdk_contract.context import ContextColumns, context_columns
from warehouse.enrich.agent import UNKNOWN, read_agent
from warehouse.enrich.bots import judge_bot
from warehouse.enrich.visits import Visit, read_visit

SCENE: Final = (
    *("context", "ip", "user_agent", "locale", "timezone", "page_url", "page_title", "page_referrer"),
    *("library_name", "library_version", "app_name", "app_version", "screen_width", "screen_height"),
    *("browser", "os_name", "os_version", "device_type", "device_model", "is_bot", "bot_reason"),
    *Visit._fields,
)
_AS_SENT: Final = SCENE[3:14]  # what enrichment has no say in
_WITH_A_PAGE: Final = ("track", "page", "screen")
REMEMBERED: Final = 8_192  # scenes, of 2 to 3 KB each
_NO_VISIT: Final = Visit()

Scene = tuple[Any, ...]  # the values of `SCENE`; `ip` is the event's own
# A context as sent -> number of its scene; with the properties of a page event that tells of its page there.
Known = dict[bytes | tuple[bytes, str | None], int]


class ByType(dict[str | None, Known]):
    """What is known for events of a type; types of which nothing else is to be said share the last of it."""

    def __init__(self) -> None:
        on_pages = Known()
        super().__init__({"track": on_pages, "screen": on_pages, "page": Known()})
        self._elsewhere = Known()

    def __missing__(self, of_type: str | None) -> Known:
        return self._elsewhere


class Scenes:
    """The scenes of events that came with one user agent, numbered in `rows`, which a segment's all share.

    `known`: those that events have had before, by what their context was as sent.
    """

    def __init__(self, rows: list[Scene], user_agent: str | None) -> None:
        self._rows, self._agent = rows, user_agent
        self.known = ByType()

    def number(self, of_type: str | None, context: bytes, properties: str | None) -> int:
        """The number of an event's scene; raises where its context is no JSON object."""
        known = self.known[of_type]
        found = known.get(context)
        return self._make(of_type, context, properties, known) if found is None else found

    def bare(self, event: Event | None = None) -> int:
        """A scene without enrichment; without an event it has nothing but the user agent."""
        values: dict[str, Any] = {}
        if event is not None:
            told = context_columns(event.context)._asdict()
            values = {name: told[name] for name in _AS_SENT} | {"context": event.context.decode() or None}
        values["user_agent"] = self._agent
        return self._add(tuple(values.get(name) for name in SCENE))

    def _make(self, of_type: str | None, context: bytes, properties: str | None, known: Known) -> int:
        on_a_page = of_type in _WITH_A_PAGE
        scene, has_page = scene_of(context, None, self._agent, on_a_page)
        if of_type == "page" and not has_page:
            return self._of_its_properties(context, properties, known)
        number = known[context] = self._add(scene)
        if has_page and on_a_page:
            self.known["page"][context] = self.known["track"][context] = number
        return number

    def _of_its_properties(self, context: bytes, properties: str | None, known: Known) -> int:
        key = context, properties
        if key not in known:
            known[key] = self._add(scene_of(*key, self._agent, True)[0])
        return known[key]

    def _add(self, scene: Scene) -> int:
        self._rows.append(scene)
        return len(self._rows) - 1


@lru_cache(maxsize=REMEMBERED)
def scene_of(
    context: bytes, properties: str | None, user_agent: str | None, on_a_page: bool
) -> tuple[Scene, bool]:
    """The scene of a context, and whether it is the context that tells of a page.

    `properties` are those of a page event, `user_agent` the request's.
    """
    told = context_columns(context, properties)
    agent = told.user_agent or user_agent
    scene = (
        *(context.decode() or None, told.ip, agent, told.locale, told.timezone),
        *(told.page_url, told.page_title, told.page_referrer, told.library_name, told.library_version),
        *(told.app_name, told.app_version, told.screen_width, told.screen_height),
        *_told_or_read(
            agent, told.os_name, told.os_version, told.device_type, told.device_model,
            told.library_name, told.webdriver, told.screen_width, told.screen_height,
        ),
        *(_unread(told) if told.page_url is None or not on_a_page else _visit(told, told.page_url)),
    )  # fmt: skip
    return scene, told.has_page


@lru_cache(maxsize=16_384)
def _told_or_read(
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


def _visit(told: ContextColumns, page_url: str) -> tuple[Any, ...]:
    """What the page says; what the SDK itself says of its parts goes first."""
    visit = read_visit(page_url, told.page_referrer, _campaign(told))
    if told.page_path is None and told.page_search is None:
        return visit
    return (visit[0], told.page_path or visit[1], told.page_search or visit[2], *visit[3:])


def _unread(told: ContextColumns) -> tuple[Any, ...]:
    return (None, told.page_path, told.page_search, *_campaign(told), *_NO_VISIT[8:])


def _campaign(told: ContextColumns) -> tuple[str | None, ...]:
    return told[9:14]
