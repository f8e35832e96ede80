"""The console's routes and its life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from warehouse.console import alerts, insights
from warehouse.console.errors import OpenToStrangers
from warehouse.console.guard import HEADERS, KnownHosts, Password, SafeHeaders, is_loopback
from warehouse.console.pages import customers, health, home, preferences
from warehouse.console.reader import Reader
from warehouse.console.render import STATIC, Pages
from warehouse.console.settings import ConsoleSettings
from warehouse.errors import CatalogUnavailable, LakeMissing

log = structlog.get_logger()


ROUTES = [
    Route("/", home.home),
    Route("/live", home.live),
    Route("/find", customers.find),
    Route("/customers/{any_id:path}", customers.customer),
    Route("/prefer", preferences.prefer),
    Route("/api/insights/{name}", insights.answer, methods=["GET", "POST"]),
    Route("/api/alerts", alerts.listed),
    Route("/api/alerts/{number:int}", alerts.one),
    Route("/api/openapi.json", insights.described),
    Route("/health", health.health),
    Route("/ready", health.ready),
    Mount("/static", StaticFiles(directory=STATIC)),
]


def create_app(settings: ConsoleSettings, reader: Reader, collector: httpx.AsyncClient) -> Starlette:
    """The console over one data folder; `collector` is the client it follows live events with.

    Raises OpenToStrangers when it would listen beyond loopback without a password.
    """
    app = Starlette(
        routes=ROUTES,
        middleware=guards(settings),
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.reader = reader
    app.state.collector = collector
    app.state.pages = Pages()
    app.state.stopping = asyncio.Event()
    return app


def guards(settings: ConsoleSettings) -> list[Middleware]:
    """What every request passes, the outermost first."""
    if not is_loopback(settings.console_host) and not settings.console_password:
        raise OpenToStrangers(settings.console_host)
    names = [name.strip() for name in settings.console_names.split(",") if name.strip()]
    found = [Middleware(SafeHeaders), Middleware(KnownHosts, names=[settings.console_host, *names])]
    if settings.console_password:
        found.append(Middleware(Password, password=settings.console_password))
    return found


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.state.stopping.set()
        await app.state.collector.aclose()
        app.state.reader.close()


async def no_data(request: Request, error: Exception) -> Response:
    page: Response = request.app.state.pages.page(request, "no_data.html", 200)
    return page


async def away(request: Request, error: Exception) -> Response:
    """The catalog does not answer: nothing is lost, and the page can be asked for again."""
    log.warning("catalog away", path=request.url.path, error=str(error))
    page: Response = request.app.state.pages.page(request, "error.html", 503, code=503)
    page.headers["Retry-After"] = "5"
    return page


async def refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    page: Response = request.app.state.pages.page(request, "error.html", status, code=status)
    return page


async def failed(request: Request, error: Exception) -> Response:
    log.error("page failed", path=request.url.path, error=repr(error))
    page: Response = request.app.state.pages.page(request, "error.html", 500, code=500)
    page.headers.update(HEADERS)
    return page


HANDLERS = {LakeMissing: no_data, CatalogUnavailable: away, HTTPException: refused, Exception: failed}
