"""Everything that is held about a person: written out, or erased, with what would go told first."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from sdk_contract.errors import Terminal
from sdk_contract.privacy import Vault
from warehouse.console.forms import form
from warehouse.console.streams import Part, stream, watched
from warehouse.erasure.asking import Apart, ask_of
from warehouse.erasure.export import export as write
from warehouse.erasure.filing import file_erasure
from warehouse.erasure.people import ERASE, MODES, Person
from warehouse.erasure.plan import Planned, in_landing, planned
from warehouse.erasure.status import status_of
from warehouse.erasure.subject import Subject, find_subject
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.settings import WarehouseSettings

_EVERY_S: Final = 1.0
_SHOWN: Final = 50


async def privacy(request: Request) -> Response:
    """GET /customers/<id>/privacy: whose data it is; written out or erased from here. `held` comes after."""
    subject, _ = await whose(request)
    return _page(request, "privacy.html", subject=subject, problem="")


async def held(request: Request) -> Response:
    """GET /customers/<id>/privacy/held: how many rows are held, by table; it looks through every event."""
    subject, _ = await whose(request)
    counted: Planned = await request.state.lake(
        lambda lake: planned(lake, subject), gone=request.is_disconnected
    )
    html: str = request.app.state.pages.part(request, "_held.html", rows=counted.lake)
    return Response(html, media_type="text/html; charset=utf-8")


async def searched(request: Request) -> Response:
    """GET /customers/<id>/privacy/search: where a search of every byte finds them (a program of its own)."""
    subject, _ = await whose(request)
    asked = ask_of(where(request), [Person(ERASE, subject)], {}, [])
    found = await asyncio.to_thread(Apart(), asked)
    html: str = request.app.state.pages.part(
        request, "_searched.html", landing=in_landing(found), files=found.files, shown=_SHOWN
    )
    return Response(html, media_type="text/html; charset=utf-8")


async def erase(request: Request) -> Response:
    """POST /customers/<id>/privacy: file an erasure; the typed confirmation is the customer's id."""
    asked = await form(request)
    subject, load_seq = await whose(request)
    mode, reason = asked.one("mode"), asked.one("reason")
    if asked.one("confirm") != subject.customer_id or mode not in MODES or not reason:
        return _page(request, "privacy.html", subject=subject, problem="privacy.confirm.wrong")

    def file(registry: Registry) -> int:
        filed = file_erasure(
            registry, vault(request), subject, mode=mode, reason=reason,
            by=request.state.who.name, load_seq=load_seq,
        )  # fmt: skip
        return filed.no

    no = await request.app.state.reader.registry(file)
    return RedirectResponse(f"/erasures/{no}", 303)


async def erasure(request: Request) -> Response:
    """GET /erasures/<no>: how far it has come; whom it was about is told nowhere."""
    return _page(request, "erasure.html", told=await status(request))


async def erasure_live(request: Request) -> Response:
    """GET /erasures/<no>/live: the same anew, until a search of every byte has found nothing."""

    async def look() -> Part:
        found = await status(request)
        html = request.app.state.pages.part(request, "_erasure.html", told=found)
        return Part(html, found.done_at is not None)

    return stream(watched(look, request.app.state.stopping, _EVERY_S))


async def export(request: Request) -> Response:
    """GET /customers/<id>/export.zip: everything that is held, as JSON lines, with a text."""
    folder = tempfile.TemporaryDirectory(prefix="sojourn-person-")
    out = Path(folder.name) / "person.zip"

    def ask(lake: Lake) -> None:
        subject = find_subject(lake, request.path_params["any_id"])
        path = where(request).folders.registry
        with contextlib.closing(Registry.open(path, now=request.app.state.now)) as registry:
            write(lake, registry, vault(request), subject, out)

    try:
        await request.state.lake(ask, gone=request.is_disconnected)
    except Terminal as error:
        folder.cleanup()
        raise HTTPException(404, str(error)) from error
    except BaseException:
        folder.cleanup()
        raise
    name = f"person-{quote(request.path_params['any_id'], safe='')[:80]}.zip"
    return FileResponse(out, filename=name, background=BackgroundTask(folder.cleanup))


async def whose(request: Request) -> tuple[Subject, int]:
    """The person, and the last row that is loaded. 404 where nobody is."""

    def ask(lake: Lake) -> tuple[Subject, int]:
        subject = find_subject(lake, request.path_params["any_id"])
        ((load_seq,),) = lake.query("SELECT coalesce(max(load_seq), 0) FROM cursors WHERE name = 'load'")
        return subject, int(load_seq)

    try:
        found: tuple[Subject, int] = await request.state.lake(ask)
    except Terminal as error:
        raise HTTPException(404) from error
    return found


async def status(request: Request) -> Any:
    no = request.path_params["no"]
    try:
        found = await request.app.state.reader.registry(lambda registry: registry.erasure(no))
    except Terminal as error:
        raise HTTPException(404) from error
    return status_of(found)


def where(request: Request) -> WarehouseSettings:
    found: WarehouseSettings = request.app.state.queries.where
    return found


def vault(request: Request) -> Vault:
    """The keys of the data folder, as every program of it has them."""
    return Secrets.open(where(request).folders.secrets, request.app.state.now, os.urandom).vault()


def _page(request: Request, name: str, **values: Any) -> Response:
    page: Response = request.app.state.pages.page(request, name, **values)
    return page
