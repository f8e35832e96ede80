"""The install page: the lines that send a first event from any SDK, and the wait until it is here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from sdk_contract.peers import Peers, networks
from warehouse.access.roles import Right
from warehouse.arrived import Sender, senders
from warehouse.console.first_events import Wait, came
from warehouse.console.guard import host_name, is_loopback
from warehouse.console.live import Beside, Feed, Token
from warehouse.console.settings import ConsoleSettings
from warehouse.console.snippets import LANGUAGES, sdks, snippet
from warehouse.console.streams import stream
from warehouse.errors import CatalogUnavailable
from warehouse.registry import Key, Registry

FORWARDED = frozenset({"x-forwarded-host", "x-forwarded-proto"})
# What stands for a key where it may not be seen.
NO_KEY: Final = "YOUR_WRITE_KEY"
_LATELY_US: Final = 3_600_000_000


async def install(request: Request) -> Response:
    """GET /install?by=<SDK>&key=<id>: the lines of an SDK, and which SDKs have sent with this key."""
    keys = await request.app.state.reader.registry(live_keys)
    key = chosen(keys, request.query_params.get("key", ""))
    settings: ConsoleSettings = request.app.state.settings
    outer = origin(request, settings)
    shown = snippet(request.query_params.get("by", ""), outer, secret(request, key), settings.sdk_path)
    page: Response = request.app.state.pages.page(
        request,
        "install.html",
        keys=keys,
        key=key,
        snippet=shown,
        sdk=next(one for one in sdks() if one.name == shown.name),
        origin=outer,
        **listed(came(await known(request, key))),
    )
    return page


async def waiting(request: Request) -> Response:
    """GET /install/live?key=<id>: the list of SDKs, anew with each event of the key."""
    keys = await request.app.state.reader.registry(live_keys)
    key = chosen(keys, request.query_params.get("key", ""))
    if key is None:
        raise HTTPException(404)
    wait = Wait()

    def drawn() -> str:
        text: str = request.app.state.pages.part(request, "_sdks.html", key=key, **listed(wait))
        return text

    def draw(events: Sequence[dict[str, Any]]) -> str:
        for event in reversed(events):
            wait.take(event)
        return drawn()

    async def draw_known() -> str:
        """With what came before this stream was open."""
        for one in await known(request, key):
            wait.know(one)
        return drawn()

    def wanted(event: dict[str, Any]) -> bool:
        return event.get("key_id") == key.id

    state = request.app.state
    beside = Beside("sdks", draw_known)
    feed = Feed(state.collector, token_of(request), draw, state.stopping, wanted=wanted, beside=beside)
    return stream(feed.frames())


def listed(wait: Wait) -> dict[str, Any]:
    """What the list of SDKs shows."""
    return {"ways": {on: [one for one in sdks() if one.on == on] for on in LANGUAGES}, "wait": wait}


async def known(request: Request, key: Key | None) -> Sequence[Sender]:
    """What the lake holds of this key's last hour."""
    since = request.app.state.now() - _LATELY_US
    try:
        return await request.state.lake(lambda lake: senders(lake, key.id, since)) if key else []
    except (Terminal, CatalogUnavailable):
        return []


def token_of(request: Request) -> Token:
    """What the collector asks of who follows its events."""

    async def token() -> str:
        reader = request.app.state.reader
        found: str = await reader.registry(lambda registry: registry.secret_setting("live_token"))
        return found

    return token


def secret(request: Request, key: Key | None) -> str:
    """The write key itself for those who may see keys."""
    return key.secret if key and request.state.who.may(Right.MANAGE) else NO_KEY


def live_keys(registry: Registry) -> list[Key]:
    """Keys that still work, the newest first."""
    return [key for key in reversed(registry.keys()) if key.revoked_at is None]


def chosen(keys: Sequence[Key], wanted: str) -> Key | None:
    return next((key for key in keys if key.id == wanted), keys[0] if keys else None)


def origin(request: Request, settings: ConsoleSettings) -> str:
    """Where the visitor's programs reach the collector.

    A trusted proxy that says how it was asked is taken to stand before both. A collector on loopback is named
    as the console was: who opened http://shop.lan:8001 needs http://shop.lan:8000.
    """
    if settings.collector_public_url:
        return settings.collector_public_url
    if (outer := proxied(request, settings)) is not None:
        return outer
    parts = urlsplit(settings.collector_url)
    asked = host_name(request.headers.get("host", ""))
    if not asked or is_loopback(asked) or not is_loopback(parts.hostname or ""):
        return settings.collector_url
    name = f"[{asked}]" if ":" in asked else asked
    return urlunsplit(parts._replace(netloc=f"{name}:{parts.port}" if parts.port else name))


def proxied(request: Request, settings: ConsoleSettings) -> str | None:
    """The origin that the visitor asked a trusted proxy for; None where none says so."""
    peers, client = Peers(networks(settings.trusted_proxies)), request.client
    peer = client.host if client else None
    if not peers.trusts(peer) or FORWARDED.isdisjoint(request.headers.keys()):
        return None
    return peers.origin(peer, request.headers.raw, request.url.scheme)
