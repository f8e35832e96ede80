"""Signing in and out."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.peers import Peers, networks
from warehouse.access.passwords import LONGEST, Passwords
from warehouse.console.forms import form
from warehouse.console.pages.preferences import local_path
from warehouse.console.signing import LONGEST as LIFE
from warehouse.console.signing import cookie_name
from warehouse.console.throttle import failed, succeeded, wait
from warehouse.errors import RegistryError
from warehouse.registry.users import digest

_WAITING: Final = 16


class Desk:
    """Verifies passwords, one at a time and off the event loop: each takes much memory on purpose."""

    def __init__(self, passwords: Passwords) -> None:
        self.passwords = passwords
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._waiting = 0

    @property
    def busy(self) -> bool:
        return self._waiting >= _WAITING

    async def fits(self, password: str, kept: str | None) -> bool:
        return bool(await self._run(self.passwords.fits, password, kept))

    async def hash(self, password: str) -> str:
        return str(await self._run(self.passwords.hash, password))

    async def _run(self, work: Any, *arguments: Any) -> Any:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


async def login(request: Request) -> Response:
    """GET: the form. POST: name and password; a new login each time, whatever cookie came along."""
    if request.method != "POST":
        return shown(request, local_path(request.query_params.get("back", "/")))
    if request.app.state.settings.sso_only:
        raise HTTPException(403)
    asked = await form(request)
    name, password, back = asked.one("name"), asked.secret("password"), local_path(asked.one("back") or "/")
    registry, desk, address = request.app.state.reader.registry, request.app.state.desk, address_of(request)
    seconds = await registry(lambda known: wait(known, name, address))
    if seconds or desk.busy:
        return shown(request, back, "login.wait", status=429, wait=seconds or 1)
    kept = await registry(lambda known: known.password_of(name))
    if not await desk.fits(password[: LONGEST + 1], kept):
        await registry(lambda known: failed(known, name, address))
        return shown(request, back, "login.wrong", status=401)
    agent = request.headers.get("user-agent", "")
    return await signed_in(request, name, address, agent, back)


async def signed_in(request: Request, name: str, address: str, agent: str, back: str) -> Response:
    """The way to the page that was asked for, with the cookie of a new login."""

    def enter(known: Any) -> str | None:
        try:
            user = known.user(name)
        except RegistryError:
            return None
        succeeded(known, name, address)
        token: str = known.sign_in(user, address, agent)
        return token

    token = await request.app.state.reader.registry(enter)
    if token is None:
        return shown(request, back, "login.wrong", status=401)
    answer = RedirectResponse(back, 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        cookie_name(secure), token, max_age=LIFE // 1_000_000, secure=secure, httponly=True, samesite="lax"
    )
    return answer


async def logout(request: Request) -> Response:
    """POST: end this login."""
    who, registry, signs_on = request.state.who, request.app.state.reader.registry, False
    if who.user is not None and who.token is not None:
        await registry(lambda known: known.sign_out(who.user, login_id(who.token)))
        signs_on = await registry(lambda known: known.signs_on(who.user))
    answer = RedirectResponse("/login?left=1" if signs_on else "/login", 303)
    secure = request.url.scheme == "https"
    answer.delete_cookie(cookie_name(secure), secure=secure, httponly=True, samesite="lax")
    return answer


def login_id(token: str) -> str:
    """The id by which a login is listed."""
    return digest(token)[:12]


def shown(request: Request, back: str, says: str = "", *, status: int = 200, wait: int = 0) -> Response:
    rules = request.app.state.sign_on_rules
    page: Response = request.app.state.pages.page(
        request, "login.html", status, back=back, says=says, wait=wait,
        provider=rules and rules.issuer, left="left" in request.query_params,
        only=request.app.state.settings.sso_only,
    )  # fmt: skip
    if wait:
        page.headers["Retry-After"] = str(wait)
    return page


def address_of(request: Request) -> str:
    """Where the visitor is: the peer's address, or what a trusted proxy says."""
    peers = Peers(networks(request.app.state.settings.trusted_proxies))
    peer = request.client.host if request.client else None
    return peers.client(peer, request.headers.raw) or "?"
