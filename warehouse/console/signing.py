"""Who asks: the user behind a login's cookie or a token, and what a stranger is answered.

A request that changes something must come from a page of this console: browsers say where a request comes
from (Sec-Fetch-Site, Origin), and one that says neither is refused unless it carries a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from warehouse.access.roles import ROLES, Right
from warehouse.access.scope import Scope as RowScope
from warehouse.registry.users import User

HOUR: Final = 3_600_000_000
IDLE, LONGEST = 12 * HOUR, 7 * 24 * HOUR
PUBLIC: Final = ("/health", "/login", "/login/", "/prefer", "/static/")
# Where a user who has to choose a password may go.
_CHOOSING: Final = ("/account", "/logout")
_SAFE: Final = ("GET", "HEAD", "OPTIONS")


class Who(msgspec.Struct, frozen=True):
    """Somebody whose request is served. `user` is None for the open demo, `token` that of their login."""

    name: str
    role: str
    rights: frozenset[Right]
    scope: RowScope
    user: User | None = None
    token: str | None = None

    def may(self, right: str) -> bool:
        return right in self.rights


DEMO: Final = Who("demo", "admin", ROLES["admin"], RowScope())


def who_is(user: User, token: str | None) -> Who:
    return Who(user.name, user.role, user.rights, user.scope, user, token)


def cookie_name(secure: bool) -> str:
    """Over https no other host and no plain http page can set the cookie (RFC 6265bis, 4.1.3)."""
    return "__Host-sojourn_login" if secure else "sojourn_login"


class SignedIn:
    """Lets users in, as far as they are known; `everybody` makes each visitor the demo's admin."""

    def __init__(self, app: ASGIApp, *, everybody: bool) -> None:
        self.app = app
        self.everybody = everybody

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        bearer = _bearer(headers)
        refused = None if bearer or scope["method"] in _SAFE else _foreign(scope, headers)
        if refused is None and not _public(scope["path"]):
            refused = await self._admit(scope, headers, bearer)
        await (refused or self.app)(scope, receive, send)

    async def _admit(self, scope: Scope, headers: Headers, bearer: str) -> Response | None:
        """Says who it is in the request's state; what a stranger is answered otherwise."""
        who = DEMO if self.everybody else await self._who(scope, headers, bearer)
        if who is None:
            return _wanted(scope, headers, bearer)
        if who.user is not None and who.user.single_use and not scope["path"].startswith(_CHOOSING):
            return RedirectResponse("/account", 303)
        reader = scope["app"].state.reader
        scope.setdefault("state", {}).update(who=who, lake=partial(reader.lake, scope=who.scope))
        return None

    async def _who(self, scope: Scope, headers: Headers, bearer: str) -> Who | None:
        registry = scope["app"].state.reader.registry
        if bearer:
            user = await registry(lambda known: known.user_of_token(bearer))
            return who_is(user, None) if user else None
        token = cookie_parser(headers.get("cookie", "")).get(cookie_name(scope["scheme"] == "https"), "")
        user = await registry(lambda known: known.signed_in(token, IDLE, LONGEST)) if token else None
        return who_is(user, token) if user else None


def note_of(request_path: str, query: str) -> str:
    """What the audit log says of a request."""
    return request_path + (f"?{query}" if query else "")


def _public(path: str) -> bool:
    return any(path == one or (one.endswith("/") and path.startswith(one)) for one in PUBLIC)


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _foreign(scope: Scope, headers: Headers) -> Response | None:
    """None where the request comes from a page of this very origin, or is JSON: a page of another origin can
    send that only after asking this one, which never permits it.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if headers.get("content-type", "").startswith("application/json"):
        return None
    same = site == "same-origin" if site is not None else True
    if origin is not None:
        same = same and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    if same and (site, origin) != (None, None):
        return None
    return PlainTextResponse("This can be done on the console's own pages only, or with a token.\n", 403)


def _wanted(scope: Scope, headers: Headers, bearer: str) -> Response:
    """The way to the login for a browser, 401 for a program."""
    path = str(scope["path"])
    if bearer or path.startswith("/api/") or path == "/ready":
        text = "the token is not valid" if bearer else "a token is wanted: Authorization: Bearer sojourn_…"
        return JSONResponse({"error": text}, 401, {"WWW-Authenticate": 'Bearer realm="Sojourn"'})
    back = note_of(path, scope["query_string"].decode("latin-1")) if scope["method"] == "GET" else "/"
    place = f"/login?back={quote(back, safe='')}" if back != "/" else "/login"
    if "hx-request" in headers:
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(place, 303)


def state_of(state: Mapping[str, Any]) -> Who | None:
    """Whose request it is, on pages that strangers see too."""
    who: Who | None = state.get("who")
    return who
