"""For those who manage: the users, and the audit log."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from warehouse.access.passwords import single_use
from warehouse.access.roles import ROLES
from warehouse.access.scope import scope
from warehouse.console.forms import Form, form
from warehouse.errors import RegistryError
from warehouse.times import iso

_LINES: Final = 200
_MOST: Final = 100_000
MASKS: Final = ("email", "phone", "ip", "name", "address")


async def users(request: Request) -> Response:
    """GET: everybody. POST: make, change or disable one, or give a new password for single use."""
    if request.method != "POST":
        return await shown(request)
    asked, by = await form(request), request.state.who.name
    try:
        name, password = await _do(request, asked, by)
    except RegistryError as error:
        return await shown(request, reason=str(error), status=400)
    return await shown(request, changed=name, password=password)


async def _do(request: Request, asked: Form, by: str) -> tuple[str, str]:
    """(user, their new password or empty) of what was asked for."""
    registry, name = request.app.state.reader.registry, asked.one("name")
    match asked.one("do"):
        case "create":
            secret = single_use()
            hashed = await request.app.state.desk.hash(secret)
            role = asked.one("role")
            await registry(lambda known: known.create_user(name, role, by, password=hashed, single_use=True))
            return name, secret
        case "password":
            secret = single_use()
            hashed = await request.app.state.desk.hash(secret)
            await registry(lambda known: known.set_password(name, hashed, by, single_use=True))
            return name, secret
        case "change":
            bounds = {field: asked.listed(field) for field in ("owner", "region")}
            rows = scope(
                asked.listed("projects"),
                {field: values for field, values in bounds.items() if values},
                asked.all("masks"),
            )
            changes = {"role": asked.one("role"), "scope": rows, "disabled": asked.one("disabled") == "yes"}
            await registry(lambda known: known.change_user(name, by, **changes))
            return name, ""
        case other:
            raise RegistryError(f"there is nothing to do by the name {other!r}: create, change or password")


async def shown(
    request: Request, *, changed: str = "", password: str = "", reason: str = "", status: int = 200
) -> Response:
    found = await request.app.state.reader.registry(lambda known: known.users())
    page: Response = request.app.state.pages.page(
        request,
        "users.html",
        status,
        users=found,
        roles=list(ROLES),
        masks=MASKS,
        changed=changed,
        password=password,
        reason=reason,
    )
    return page


async def audit(request: Request) -> Response:
    """GET: the newest lines of the audit log; ?actor, ?action, ?before narrow it; ?format=csv: as a file."""
    asked = request.query_params
    number = asked.get("before", "")
    before = int(number) if number.isdecimal() and len(number) < 18 else None
    narrow = {"before": before, "actor": asked.get("actor", ""), "action": asked.get("action", "")}
    as_csv = asked.get("format") == "csv"

    def look(known: Any) -> tuple[Any, Any]:
        lines = known.audit_rows(_MOST if as_csv else _LINES + 1, **narrow)
        return lines, known.verify_audit() if "verify" in asked else None

    lines, verified = await request.app.state.reader.registry(look)
    if as_csv:
        return Response(
            as_text(lines),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
        )
    page: Response = request.app.state.pages.page(
        request, "audit.html", lines=lines[:_LINES], more=len(lines) > _LINES, asked=narrow, verified=verified
    )
    return page


def as_text(lines: Sequence[tuple[Any, ...]]) -> str:
    """The log as CSV; what a spreadsheet would take for a formula is text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("number", "at", "actor", "action", "detail"))
    for number, at, *texts in lines:
        writer.writerow((number, iso(at), *(f"'{one}" if one[:1] in "=+-@\t" else one for one in texts)))
    return out.getvalue()
