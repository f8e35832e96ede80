"""The first page: send an event, see it arrive, find its customer."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from sdk_contract.peers import Peers, networks
from warehouse.access.roles import Right
from warehouse.console.guard import host_name, is_loopback
from warehouse.console.live import ROWS, Feed
from warehouse.console.settings import ConsoleSettings
from warehouse.console.snippets import FILES, snippet
from warehouse.registry import Key, Registry

FORWARDED = frozenset({"x-forwarded-host", "x-forwarded-proto"})


async def home(request: Request) -> Response:
    if not request.state.who.may(Right.LIVE):
        return RedirectResponse("/overview", 303)
    keys = await request.app.state.reader.registry(live_keys)
    key = chosen(keys, request.query_params.get("key", ""))
    settings: ConsoleSettings = request.app.state.settings
    name, secret = request.query_params.get("by", ""), key.secret if key else ""
    shown = snippet(name, origin(request, settings), secret, settings.sdk_path)
    return request.app.state.pages.page(  # type: ignore[no-any-return]
        request,
        "home.html",
        keys=keys,
        key=key,
        snippet=shown,
        ways=list(FILES),
        rows=ROWS,
        collector=settings.collector_url,
    )


async def live(request: Request) -> Response:
    """The stream behind the list of live events."""
    state = request.app.state

    async def token() -> str:
        found: str = await state.reader.registry(lambda registry: registry.secret_setting("live_token"))
        return found

    def rows(events: Sequence[dict[str, Any]]) -> str:
        text: str = state.pages.part(request, "_live_rows.html", events=events)
        return text

    feed = Feed(state.collector, token, rows, state.stopping)
    return StreamingResponse(
        feed.frames(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def live_keys(registry: Registry) -> list[Key]:
    """Keys that still work, the newest first."""
    keys = registry.keys()
    return [key for key in reversed(keys) if key.revoked_at is None]


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
