"""The console's routes and its life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import structlog
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sdk_contract.peers import Peers, networks
from warehouse.access.passwords import Passwords
from warehouse.access.roles import Right
from warehouse.console import alerts, described, insights, tags
from warehouse.console.answers import Answers
from warehouse.console.assets import Assets, Packed
from warehouse.console.doors import needs
from warehouse.console.errors import OpenToStrangers
from warehouse.console.guard import HEADERS, KnownHosts, SafeHeaders, is_loopback
from warehouse.console.pages import (
    account,
    automations,
    board_changes,
    boards,
    customer_parts,
    customers,
    data,
    destinations,
    explain,
    explore,
    health,
    heatmap,
    identity,
    imports,
    install,
    live,
    login,
    overview,
    picked,
    pipeline,
    preferences,
    privacy,
    reports,
    reveal,
    rfm,
    rules,
    segments,
    sign_on,
    sql,
    users,
    watching,
)
from warehouse.console.queries import Queries
from warehouse.console.reader import Reader
from warehouse.console.render import STATIC, Pages
from warehouse.console.reporting import keep_making
from warehouse.console.settings import ConsoleSettings
from warehouse.console.sign_on.provider import provider_of
from warehouse.console.sign_on.rules import rules_of
from warehouse.console.signing import SignedIn
from warehouse.errors import CatalogUnavailable, LakeMissing

log = structlog.get_logger()


class Export(Convertor[str]):
    """The kind of a file at the end of an address."""

    regex = "csv|json|parquet|sql"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("export", Export())

ROUTES = [
    Route("/", needs(Right.LOOK, live.page)),
    Route("/live", needs(Right.LIVE, live.live)),
    Route("/install", needs(Right.LIVE, install.install)),
    Route("/install/live", needs(Right.LIVE, install.waiting)),
    Route("/explain/{message_id:path}/said", needs(Right.LIVE, explain.said)),
    Route("/explain/{message_id:path}/live", needs(Right.LIVE, explain.live)),
    Route("/explain/{message_id:path}", needs(Right.LIVE, explain.page)),
    Route("/find", needs(Right.CUSTOMERS, customers.find)),
    Route(
        "/customers/{any_id:path}/reveal",
        needs(Right.REVEAL, reveal.reveal, also=Right.CUSTOMERS),
        methods=["GET", "POST"],
    ),
    Route("/customers/{any_id:path}/live", needs(Right.CUSTOMERS, customer_parts.live)),
    Route("/customers/{any_id:path}/chances", needs(Right.CUSTOMERS, customer_parts.chances, action="ask")),
    Route("/customers/{any_id:path}/identity", needs(Right.CUSTOMERS, identity.identity), methods=["GET"]),
    Route(
        "/customers/{any_id:path}/identity",
        needs(Right.DECIDE, identity.decide, action="change"),
        methods=["POST"],
    ),
    Route("/customers/{any_id:path}/identity/live", needs(Right.CUSTOMERS, identity.live)),
    Route("/customers/{any_id:path}/privacy", needs(Right.ERASE, privacy.privacy), methods=["GET"]),
    Route(
        "/customers/{any_id:path}/privacy",
        needs(Right.ERASE, privacy.erase, action="change"),
        methods=["POST"],
    ),
    Route("/customers/{any_id:path}/privacy/held", needs(Right.ERASE, privacy.held)),
    Route("/customers/{any_id:path}/privacy/search", needs(Right.ERASE, privacy.searched, action="ask")),
    Route("/customers/{any_id:path}/export.zip", needs(Right.ERASE, privacy.export, action="export")),
    Route("/erasures/{no:int}", needs(Right.ERASE, privacy.erasure)),
    Route("/erasures/{no:int}/live", needs(Right.ERASE, privacy.erasure_live)),
    Route("/customers/{any_id:path}", needs(Right.CUSTOMERS, customers.customer)),
    Route("/overview", needs(Right.LOOK, overview.overview)),
    Route("/overview/numbers", needs(Right.LOOK, overview.numbers, action="ask")),
    Route("/explore", needs(Right.LOOK, explore.listed)),
    Route("/explore/names", needs(Right.LOOK, explore.names)),
    Route("/explore/{name}.{kind:export}", needs(Right.EXPORT, explore.export)),
    Route("/explore/{name}/answer", needs(Right.LOOK, explore.answer, action="ask")),
    Route("/explore/{name}/customers", needs(Right.CUSTOMERS, picked.customers)),
    Route("/explore/{name}/customers/list", needs(Right.CUSTOMERS, picked.listing, action="ask")),
    Route(
        "/explore/{name}/customers.{kind:export}",
        needs(Right.EXPORT, picked.export, also=Right.CUSTOMERS),
    ),
    Route(
        "/explore/{name}/customers",
        needs(Right.SEGMENTS, picked.keep, action="change", also=Right.CUSTOMERS),
        methods=["POST"],
    ),
    Route("/explore/{name}", needs(Right.LOOK, explore.question)),
    Route("/boards", needs(Right.LOOK, boards.listed)),
    Route("/boards", needs(Right.SEGMENTS, board_changes.make, action="change"), methods=["POST"]),
    Route("/boards/keep", needs(Right.SEGMENTS, board_changes.keep, action="change"), methods=["POST"]),
    Route("/boards/segments", needs(Right.LOOK, boards.segments)),
    Route("/boards/{id:int}.yaml", needs(Right.LOOK, boards.export)),
    Route("/boards/{id:int}", needs(Right.LOOK, boards.board)),
    Route("/boards/{id:int}", needs(Right.SEGMENTS, board_changes.change, action="change"), methods=["POST"]),
    Route("/boards/{id:int}/tiles/{number:int}", needs(Right.LOOK, boards.tile, action="ask")),
    Route("/alerts", needs(Right.LOOK, watching.alerts, whole=True)),
    Route("/alerts", needs(Right.SEGMENTS, watching.change, action="change", whole=True), methods=["POST"]),
    Route("/alerts/watch", needs(Right.LOOK, watching.watch, whole=True)),
    Route("/alerts/{number:int}", needs(Right.LOOK, watching.alert, whole=True)),
    Route(
        "/alerts/{number:int}",
        needs(Right.SEGMENTS, watching.alert, action="change", whole=True),
        methods=["POST"],
    ),
    Route("/reports", needs(Right.LOOK, reports.reports, whole=True)),
    Route("/reports", needs(Right.SEGMENTS, reports.change, action="change", whole=True), methods=["POST"]),
    Route("/reports/{number:int}/{kind}", needs(Right.EXPORT, reports.file, whole=True)),
    Route("/data", needs(Right.LIVE, data.data)),
    Route("/data/refused", needs(Right.LIVE, data.refused)),
    Route("/data/refused/rows", needs(Right.LIVE, data.rows)),
    Route("/data/quality", needs(Right.LIVE, data.unusual)),
    Route("/data/replay", needs(Right.DECIDE, data.replay, action="change"), methods=["POST"]),
    Route("/heatmap", needs(Right.LOOK, heatmap.page)),
    Route("/heatmap/drawn", needs(Right.LOOK, heatmap.drawn, action="ask")),
    Route("/imports", needs(Right.LIVE, imports.imports, whole=True)),
    Route("/imports", needs(Right.DECIDE, imports.file, action="change", whole=True), methods=["POST"]),
    Route("/imports/file", needs(Right.DECIDE, imports.look, whole=True)),
    Route("/destinations", needs(Right.LIVE, destinations.destinations, whole=True)),
    Route(
        "/destinations",
        needs(Right.DECIDE, destinations.hurry, action="change", whole=True),
        methods=["POST"],
    ),
    Route("/pipeline", needs(Right.CUSTOMERS, pipeline.page)),
    Route("/pipeline/drawn", needs(Right.CUSTOMERS, pipeline.drawn, action="ask")),
    Route("/segments", needs(Right.LOOK, segments.segments)),
    Route("/segments/rule", needs(Right.SEGMENTS, rules.builder)),
    Route("/segments/rule", needs(Right.SEGMENTS, rules.change, action="change"), methods=["POST"]),
    Route("/segments/rule/size", needs(Right.SEGMENTS, rules.size, action="ask"), methods=["POST"]),
    Route(
        "/segments/rule/drop",
        needs(Right.SEGMENTS, rules.drop, action="change", whole=True),
        methods=["POST"],
    ),
    Route("/segments/rfm", needs(Right.LOOK, rfm.page)),
    Route("/segments/rfm/grid", needs(Right.LOOK, rfm.drawn, action="ask")),
    Route("/segments/tags/{name:path}", needs(Right.CUSTOMERS, segments.tag)),
    Route("/segments/cohorts/{name:path}", needs(Right.CUSTOMERS, segments.cohort)),
    Route("/automations", needs(Right.LOOK, automations.automations, whole=True)),
    Route(
        "/automations",
        needs(Right.SEGMENTS, automations.automations, action="change", whole=True),
        methods=["POST"],
    ),
    Route("/automations/rule", needs(Right.CUSTOMERS, automations.rule, whole=True)),
    Route(
        "/automations/rule",
        needs(Right.SEGMENTS, automations.change, action="change", whole=True),
        methods=["POST"],
    ),
    Route(
        "/automations/places",
        needs(Right.MANAGE, automations.place, action="change", whole=True),
        methods=["POST"],
    ),
    Route("/sql", needs(Right.SQL, sql.editor)),
    Route("/sql/run", needs(Right.SQL, sql.run, action="ask"), methods=["POST"]),
    Route("/sql/file", needs(Right.EXPORT, sql.export, also=Right.SQL), methods=["POST"]),
    Route("/sql/saved", needs(Right.SQL, sql.saved, action="change"), methods=["POST"]),
    Route("/users", needs(Right.MANAGE, users.users, action="manage"), methods=["GET", "POST"]),
    Route("/audit", needs(Right.MANAGE, users.audit)),
    Route("/api/insights/{name}", needs(Right.LOOK, insights.answer, action="ask"), methods=["GET", "POST"]),
    Route("/api/alerts", needs(Right.LOOK, alerts.listed, whole=True)),
    Route("/api/alerts/{number:int}", needs(Right.LOOK, alerts.one, whole=True)),
    Route("/api/tags", needs(Right.LOOK, tags.all_tags)),
    Route("/api/tags/{name}", needs(Right.CUSTOMERS, tags.one_tag)),
    Route("/api/customers/{any_id:path}/tags", needs(Right.CUSTOMERS, tags.of_customer)),
    Route(
        "/api/customers/{any_id:path}/reveal",
        needs(Right.REVEAL, reveal.answer, also=Right.CUSTOMERS),
        methods=["POST"],
    ),
    Route("/api/cohorts", needs(Right.LOOK, tags.all_cohorts)),
    Route("/api/cohorts/{name}", needs(Right.CUSTOMERS, tags.one_cohort)),
    Route("/api/openapi.json", described.described),
    # Everybody's own, and what strangers need.
    Route("/account", account.account),
    Route("/account/password", account.password, methods=["POST"]),
    Route("/account/logins/end", account.end, methods=["POST"]),
    Route("/account/tokens", account.token, methods=["POST"]),
    Route("/login", login.login, methods=["GET", "POST"]),
    Route("/login/sso", sign_on.begin),
    Route("/login/sso/back", sign_on.back),
    Route("/login/sso/out", sign_on.out),
    Route("/logout", login.logout, methods=["POST"]),
    Route("/prefer", preferences.prefer),
    Route("/health", health.health),
    Route("/ready", health.ready),
    Mount("/static", Assets(STATIC)),
]


def create_app(
    settings: ConsoleSettings,
    reader: Reader,
    collector: httpx.AsyncClient,
    now: Callable[[], int],
    passwords: Passwords,
    queries: Queries,
) -> Starlette:
    """The console over one data folder; `collector` is the client it follows live events with, `now` gives
    µs UTC.

    Raises OpenToStrangers when everybody on the network could use it, and SettingError.
    """
    rules = rules_of(settings)
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
    app.state.now = now
    app.state.answers = Answers()
    app.state.queries = queries
    app.state.sign_on_rules = rules
    app.state.provider = provider_of(rules, now)
    app.state.desk = login.Desk(passwords)
    app.state.stopping = asyncio.Event()
    return app


def guards(settings: ConsoleSettings) -> list[Middleware]:
    """What every request passes, the outermost first."""
    if settings.console_open and not is_loopback(settings.console_host):
        raise OpenToStrangers(settings.console_host)
    names = [name.strip() for name in settings.console_names.split(",") if name.strip()]
    return [
        Middleware(SafeHeaders, peers=Peers(networks(settings.trusted_proxies))),
        Middleware(Packed, minimum_size=1_000, compresslevel=5),
        Middleware(KnownHosts, names=[settings.console_host, *names]),
        Middleware(SignedIn, everybody=settings.console_open),
    ]


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    reporting = asyncio.create_task(keep_making(app))
    try:
        yield
    finally:
        app.state.stopping.set()
        await reporting
        await app.state.collector.aclose()
        app.state.desk.close()
        app.state.queries.close()
        app.state.reader.close()


async def no_data(request: Request, error: Exception) -> Response:
    return _told(request, "no_data.html", 200)


async def away(request: Request, error: Exception) -> Response:
    """The catalog does not answer: nothing is lost, and the page can be asked for again."""
    log.warning("catalog away", path=request.url.path, error=str(error))
    page = _told(request, "error.html", 503)
    page.headers["Retry-After"] = "5"
    return page


async def refused(request: Request, error: Exception) -> Response:
    return _told(request, "error.html", error.status_code if isinstance(error, HTTPException) else 500)


async def failed(request: Request, error: Exception) -> Response:
    log.error("page failed", path=request.url.path, error=repr(error))
    page = _told(request, "error.html", 500)
    page.headers.update(HEADERS)
    return page


def _told(request: Request, name: str, status: int) -> Response:
    """A page of its own, or where a part of a page was asked for, one."""
    if "hx-request" in request.headers:
        name = "_failed.html"
    page: Response = request.app.state.pages.page(request, name, status, code=status)
    return page


HANDLERS = {LakeMissing: no_data, CatalogUnavailable: away, HTTPException: refused, Exception: failed}
