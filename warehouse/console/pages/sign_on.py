"""Single sign-on: to the provider, back from it with a new login, and out of it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.console.pages.install import proxied
from warehouse.console.pages.login import address_of, shown, signed_in
from warehouse.console.pages.preferences import local_path
from warehouse.console.sign_on import trip
from warehouse.console.sign_on.entering import user_for
from warehouse.console.sign_on.provider import Provider
from warehouse.console.sign_on.refusals import NotSignedOn, Refusal
from warehouse.console.sign_on.rules import Rules, person
from warehouse.console.throttle import failed, wait
from warehouse.registry import Registry
from warehouse.registry.users import User

log = structlog.get_logger()
_NAME: Final = "single sign-on"


async def begin(request: Request) -> Response:
    """GET /login/sso: on to the provider; what the way back is checked by stays in this browser."""
    _, provider = _of(request)
    going = trip.begin(local_path(request.query_params.get("back", "/")), request.app.state.now())
    try:
        answer = RedirectResponse(await provider.way(going, _back(request)), 303)
    except NotSignedOn as error:
        return await _refused(request, error, going.back)
    answer.set_cookie(
        _cookie(request), trip.sealed(going, await _key(request)), max_age=trip.LIFE_S,
        secure=_secure(request), httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


async def back(request: Request) -> Response:
    """GET /login/sso/back: a new login for whom the provider vouches."""
    address, registry = address_of(request), request.app.state.reader.registry
    if seconds := await registry(lambda known: wait(known, _NAME + address, address)):
        return shown(request, "/", "login.wait", status=429, wait=seconds)
    try:
        going = await _going(request)
        user = await _user(request, going)
        answer = await signed_in(
            request, user.name, address, request.headers.get("user-agent", ""), going.back
        )
    except NotSignedOn as error:
        answer = await _refused(request, error, "/")
    answer.delete_cookie(_cookie(request), secure=_secure(request), httponly=True, samesite="lax")
    return answer


async def out(request: Request) -> Response:
    """GET /login/sso/out: out of the provider too, where it tells how (RP-Initiated Logout 1.0)."""
    rules, provider = _of(request)
    try:
        place = (await provider.about()).end_session_endpoint
    except NotSignedOn as error:
        return await _refused(request, error, "/")
    if place is None:
        return RedirectResponse("/login", 303)
    told = urlencode({"client_id": rules.client, "post_logout_redirect_uri": _origin(request) + "/login"})
    return RedirectResponse(f"{place}{'&' if '?' in place else '?'}{told}", 303)


async def _going(request: Request) -> trip.Trip:
    """The sign-on that comes back here. NotSignedOn where it is none of this browser's, or was denied."""
    given = request.query_params
    kept = request.cookies.get(_cookie(request), "")
    going = trip.opened(kept, given.get("state", ""), await _key(request), request.app.state.now())
    rules, _ = _of(request)
    if given.get("iss", rules.issuer) != rules.issuer:
        raise NotSignedOn(Refusal.BEGIN, "another issuer came back")
    if "error" in given or not given.get("code"):
        raise NotSignedOn(Refusal.DENIED, given.get("error", "no code")[:100])
    return going


async def _user(request: Request, going: trip.Trip) -> User:
    rules, provider = _of(request)
    claims = await provider.claims(request.query_params["code"], going, _back(request))
    found = person(claims, rules)
    user: User = await request.app.state.reader.registry(lambda known: user_for(known, found, rules))
    return user


async def _refused(request: Request, error: NotSignedOn, back: str) -> Response:
    """The login page with the reason in words; what was wrong exactly stands in the audit log."""
    address = address_of(request)
    log.warning("nobody signed on", why=error.why.value)
    await request.app.state.reader.registry(lambda known: _noted(known, address, error))
    status = 503 if error.why is Refusal.AWAY else 403
    return shown(request, back, f"sign_on.{error.why}", status=status)


def _noted(registry: Registry, address: str, error: NotSignedOn) -> None:
    """A provider that is away is nobody's failed try."""
    if error.why is Refusal.AWAY:
        registry.audit("", "login.failed", f"{_NAME}: {error} from {address}")
    else:
        failed(registry, _NAME + address, address, f"{_NAME}: {error}")


def _of(request: Request) -> tuple[Rules, Provider]:
    rules: Rules | None = request.app.state.sign_on_rules
    if rules is None:
        raise HTTPException(404)
    return rules, request.app.state.provider


async def _key(request: Request) -> str:
    key: str = await request.app.state.reader.registry(lambda known: known.secret_setting("sign_on_key"))
    return key


def _back(request: Request) -> str:
    return _origin(request) + "/login/sso/back"


def _origin(request: Request) -> str:
    """Where this browser sees the console."""
    settings = request.app.state.settings
    asked = f"{request.url.scheme}://{request.url.netloc}"
    return str(settings.console_url.rstrip("/") or proxied(request, settings) or asked)


def _secure(request: Request) -> bool:
    return bool(request.url.scheme == "https")


def _cookie(request: Request) -> str:
    return "__Host-sojourn_sign_on" if _secure(request) else "sojourn_sign_on"
