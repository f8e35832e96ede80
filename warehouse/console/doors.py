"""What a page asks of whoever opens it, and the line it leaves in the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from warehouse.access.roles import Right
from warehouse.console.signing import Who, note_of

Page = Callable[[Request], Awaitable[Response]]


def needs(
    right: Right, page: Page, *, action: str = "view", whole: bool = False, also: Right | None = None
) -> Page:
    """The page for those who have the right, and `also` that one; it is in the audit log before anything is
    shown.

    `whole`: what it shows was counted over everybody, so it is not for those who see some customers only.
    """

    @wraps(page)
    async def guarded(request: Request) -> Response:
        who: Who = request.state.who
        has = right in who.rights and (also is None or also in who.rights)
        if not has or (whole and who.scope.bounded):
            await note(request, "refused", note_of(request.url.path, request.url.query))
            raise HTTPException(403)
        await note(request, action, note_of(request.url.path, request.url.query))
        return await page(request)

    guarded.right = right  # type: ignore[attr-defined]
    guarded.action = action  # type: ignore[attr-defined]
    return guarded


async def note(request: Request, action: str, detail: str) -> None:
    """A line of the audit log about the one who asks."""
    actor = request.state.who.name
    await request.app.state.reader.registry(lambda registry: registry.audit(actor, action, detail[:2_000]))
