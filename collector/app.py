"""The routes of a door worker: hot paths go to the intake, Starlette serves the rest."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from hmac import compare_digest
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from collector.door import Door
from collector.exchange import Work
from collector.intake import Targets
from collector.metrics import exposition
from collector.openapi import METRICS, STREAM, Health, described, limits_of
from collector.validate import BATCH, PATH, VALIDATE
from collector.websdk import Script, scripts
from collector.wire import ALLOWED, Message, Receive, Scope, Send, cors, preflight, respond
from sdk_contract.dialects import Answer, Config, Dialect, Visit
from sdk_contract.dialects.known import DIALECTS
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import SojournError
from sdk_contract.verdicts import Unserved

QUIET_SECONDS = 10.0
METHODS = ("POST", "GET")

_encode = msgspec.json.Encoder().encode


Endpoint = Callable[[Request], Awaitable[Response]]


class App:
    """What is posted to a `hot` path (see `protocol`), and the ASGI application for all else.

    `numbers`: this worker's metrics; `shared`: the folder of everyone's.
    """

    def __init__(self, door: Door, numbers: CollectorRegistry, shared: Path | None = None) -> None:
        self.door, self.numbers, self.shared = door, numbers, shared
        self.scripts = scripts(door.settings.sdk_path)
        self.paths = hot_paths(DIALECTS) | {("POST", path): [(SEGMENT, BATCH)] for path in self.scripts}
        self.hot: dict[bytes, dict[bytes, Work]] = {b"POST": {}, b"GET": {}}
        for (method, path), targets in self.paths.items():
            self.hot[method.encode()][path.encode()] = self._work(targets)
        self.cold = cold_app(self)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            return self._rest(scope, receive, send)
        return self._lifespan(receive, send)

    @property
    def leaving(self) -> bool:
        """Whether each answer is to be the last of its connection."""
        return self.door.leaving

    def _work(self, targets: Targets) -> Work:
        return lambda exchange: self.door.intake.take(targets, exchange)

    async def _rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": preflight(headers)})
            await send({"type": "http.response.body"})
        elif taken := self._taken(scope["path"]):
            allowed = (b"allow", ", ".join((*taken, "OPTIONS")).encode())
            await respond(send, wrong_method(scope, taken), [*(cors(origin) if origin else []), allowed])
        else:
            with suppress(Exception):  # answered and logged by `Cold.fail`; Starlette raises it once more
                await self.cold(scope, receive, reflecting(send, origin) if origin else send)

    def _taken(self, path: str) -> list[str]:
        """The methods of a hot path, where that is all it has."""
        if path in self.scripts:
            return []
        return [method for method in METHODS if (method, path) in self.paths]

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.door.open()
        except (SojournError, OSError) as error:
            await send({"type": "lifespan.startup.failed", "message": f"error: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.door.close()
        await send({"type": "lifespan.shutdown.complete"})


def hot_paths(dialects: Sequence[Dialect]) -> dict[tuple[str, str], Targets]:
    """Whose is what, by method and path, with and without a slash at its end.

    Every dialect has its addresses once more under its name (`/segment/v1/batch`), where it has no rivals.
    """
    found: dict[tuple[str, str], list[tuple[Dialect, str]]] = {("POST", PATH): [(SEGMENT, VALIDATE)]}
    for dialect in dialects:
        for route in dialect.routes:
            for path in (route.path, f"/{dialect.name}{route.path}"):
                found.setdefault((route.method, path), []).append((dialect, route.kind))
    return {(method, name): each for (method, path), each in found.items() for name in (path, path + "/")}


def wrong_method(scope: Scope, taken: Sequence[str]) -> Answer:
    text = f"{scope['path']} takes {' and '.join(taken)}, not {scope['method']}"
    return Answer(405, _encode(unserved(Unserved.WRONG_METHOD, text)))


def reflecting(send: Send, origin: bytes) -> Send:
    """Adds the CORS headers to whatever answer goes through without any of its own."""

    async def with_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", [])
            if all(name != ALLOWED for name, _ in headers):
                message["headers"] = [*headers, *cors(origin)]
        await send(message)

    return with_cors


def unserved(reason: Unserved, text: str = "") -> dict[str, object]:
    return {"success": False, "reason": reason, "error": text or reason.text}


def json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode(value), status, headers, "application/json")


class Cold:
    """What people and monitors ask a worker for."""

    def __init__(self, app: App) -> None:
        self.app, self.door = app, app.door

    async def health(self, request: Request) -> Response:
        """The process is up; nothing more."""
        return json(Health("ok", self.door.name))

    async def ready(self, request: Request) -> Response:
        """503 where an event could not be accepted and published now."""
        state = await self.door.ready()
        return json(state, 200 if state.ready else 503)

    async def metrics(self, request: Request) -> Response:
        text = exposition(self.app.numbers, self.app.shared)
        return Response(text, media_type=METRICS)

    async def openapi(self, request: Request) -> Response:
        """What there is to ask for, for programs that read OpenAPI."""
        settings = self.door.settings
        return Response(described(limits_of(settings), settings.sdk_path), media_type="application/json")

    async def live(self, request: Request) -> Response:
        """New events with their verdicts as server-sent events, for who has the live token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(token.encode(), self.door.live_token.encode()):
            return json(unserved(Unserved.UNKNOWN_TOKEN), 401, {"WWW-Authenticate": "Bearer"})
        return StreamingResponse(self._stream(), media_type=STREAM, headers={"Cache-Control": "no-store"})

    async def _stream(self) -> AsyncIterator[bytes]:
        async for events, dropped in self.door.tap.follow(QUIET_SECONDS):
            lines = [b"data: %b\n\n" % _encode(event) for event in events]
            if dropped:
                lines.append(b"event: dropped\ndata: %d\n\n" % dropped)
            yield b"".join(lines) or b": quiet\n\n"

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Unknown paths and methods."""
        status = error.status_code if isinstance(error, HTTPException) else 404
        routes = {route.path for dialect in DIALECTS for route in dialect.routes}
        configs = {config.path for dialect in DIALECTS for config in dialect.configs}
        exists = sorted({PATH, *routes, *configs}) + sorted({*self.routes(), self.door.settings.sdk_path})
        text = f"there is no {request.method} {request.url.path}; `exists` lists what there is"
        reason = Unserved.WRONG_METHOD if status == 405 else Unserved.NOT_FOUND
        return json({**unserved(reason, text), "exists": exists}, status)

    async def fail(self, request: Request, error: Exception) -> Response:
        answer = self.door.fail(error)
        return Response(answer.body, answer.status, media_type="application/json")

    def routes(self) -> dict[str, Endpoint]:
        return {
            "/health": self.health,
            "/ready": self.ready,
            "/metrics": self.metrics,
            "/live": self.live,
            "/openapi.json": self.openapi,
        }


def configured(door: Door, config: Config) -> Endpoint:
    """Answers an SDK that asks for its configuration."""

    async def answered(request: Request) -> Response:
        headers = request.headers.raw
        peer = request.client.host if request.client else None
        origin = door.peers.origin(peer, headers, request.url.scheme)
        params = {name: str(value) for name, value in request.path_params.items()}
        query: bytes = request.scope["query_string"]
        answer = config.answer(Visit(params, query, dict(headers), origin))
        return Response(answer.body, answer.status, media_type=answer.content_type.decode())

    return answered


def served(script: Script) -> Endpoint:
    """Gives a release of the web SDK."""

    async def answered(request: Request) -> Response:
        asked = (request.headers.get(name, "") for name in ("accept-encoding", "if-none-match"))
        answer = script.answer(*asked)
        response = Response(answer.body, answer.status, media_type=answer.content_type.decode())
        response.raw_headers += answer.headers
        return response

    return answered


def cold_app(app: App) -> Starlette:
    """Starlette for the routes that are not hot, each with and without a slash at its end."""
    cold = Cold(app)
    routes = [Route(path, end) for name, end in cold.routes().items() for path in (name, name + "/")]
    routes += [
        Route(path, configured(app.door, config), methods=[config.method])
        for dialect in DIALECTS
        for config in dialect.configs
        for name in (config.path, f"/{dialect.name}{config.path}")
        for path in (name, name + "/")
    ]
    routes += [Route(path, served(script)) for path, script in app.scripts.items()]
    handlers = {404: cold.refuse, 405: cold.refuse, Exception: cold.fail}
    starlette = Starlette(routes=routes, exception_handlers=handlers)
    starlette.router.redirect_slashes = False
    return starlette
