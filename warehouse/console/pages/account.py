"""A user's own page: password, where they are signed in, tokens of the API."""

from __future__ import annotations

from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from warehouse.access.passwords import LONGEST, accept
from warehouse.console.forms import form
from warehouse.console.pages.login import address_of, login_id, signed_in
from warehouse.console.throttle import failed, wait
from warehouse.errors import RegistryError
from warehouse.registry.users import User

_DAY: Final = 86_400_000_000
_DAYS: Final = (30, 90, 365)


async def account(request: Request) -> Response:
    return await shown(request)


async def password(request: Request) -> Response:
    """POST: the old password and twice the new one; every login ends, and this one begins anew."""
    if request.app.state.settings.sso_only:
        raise HTTPException(403)
    user, asked = own(request), await form(request)
    registry, desk, address = request.app.state.reader.registry, request.app.state.desk, address_of(request)
    if await registry(lambda known: wait(known, user.name, address)) or desk.busy:
        return await shown(request, "account.wait", status=429)
    kept = await registry(lambda known: known.password_of(user.name))
    if not await desk.fits(asked.secret("old")[: LONGEST + 1], kept):
        await registry(lambda known: failed(known, user.name, address))
        return await shown(request, "account.wrong", status=403)
    if asked.secret("new") != asked.secret("again"):
        return await shown(request, "account.differ", status=400)
    if asked.secret("new") == asked.secret("old"):
        return await shown(request, "account.same", status=400)
    try:
        hashed = await desk.hash(accept(asked.secret("new"), user.name))
    except RegistryError as error:
        return await shown(request, "account.refused", status=400, reason=str(error))
    await registry(lambda known: known.set_password(user.name, hashed, user.name))
    return await signed_in(request, user.name, address, request.headers.get("user-agent", ""), "/")


async def end(request: Request) -> Response:
    """POST: end one of the own logins."""
    user, asked = own(request), await form(request)
    await request.app.state.reader.registry(lambda known: known.sign_out(user, asked.one("id")))
    return RedirectResponse("/account", 303)


async def token(request: Request) -> Response:
    """POST: a new token, shown this one time; or the end of one, where an id is given."""
    user, asked = own(request), await form(request)
    registry = request.app.state.reader.registry
    if asked.one("revoke"):
        await registry(lambda known: known.revoke_token(user, asked.one("revoke"), user.name))
        return RedirectResponse("/account", 303)
    days = asked.one("days")
    if not days.isdecimal() or int(days) not in _DAYS:
        raise HTTPException(400)
    until = request.app.state.now() + int(days) * _DAY
    name = asked.one("name")[:100] or "API"
    _, secret = await registry(lambda known: known.create_token(user, name, user.name, until))
    return await shown(request, secret=secret)


def own(request: Request) -> User:
    """The user who asks; the open demo has no account."""
    user: User | None = request.state.who.user
    if user is None:
        raise HTTPException(404)
    return user


async def shown(
    request: Request, says: str = "", *, status: int = 200, reason: str = "", secret: str = ""
) -> Response:
    user = own(request)

    def kept(known: Any) -> tuple[Any, Any]:
        return known.logins(user), known.tokens(user)

    logins, tokens = await request.app.state.reader.registry(kept)
    here = login_id(request.state.who.token) if request.state.who.token else ""
    page: Response = request.app.state.pages.page(
        request, "account.html", status, user=user, logins=logins, tokens=tokens, current=here, days=_DAYS,
        passwords=not request.app.state.settings.sso_only,
        says=says, reason=reason, secret=secret,
    )  # fmt: skip
    return page
