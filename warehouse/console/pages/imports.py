"""Imports: what was brought in from files, how far each is, and files that may be brought in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import SojournError
from warehouse.console.forms import Form, form
from warehouse.imports import inbox
from warehouse.imports.errors import BadImport
from warehouse.imports.kinds import KINDS
from warehouse.imports.mapping import Mapping, mapping_of
from warehouse.imports.suggesting import as_yaml
from warehouse.registry import Key, Registry
from warehouse.settings import WarehouseSettings

_MOST: Final = 50
_STILL_US: Final = 60_000_000


class Chosen(msgspec.Struct, frozen=True):
    """What of a file is to be imported, as the form says it; without a text the mapping is suggested."""

    name: str
    kind: str
    key_id: str
    text: str


async def imports(request: Request) -> Response:
    """GET /imports."""
    settings = _settings(request)

    def kept(registry: Registry) -> dict[str, Any]:
        return {"found": registry.imports(_MOST), "files": inbox.waiting(settings), "keys": _keys(registry)}

    told = await request.app.state.reader.registry(kept)
    page: Response = request.app.state.pages.page(
        request, "imports.html", **told, kinds=list(KINDS), folder=str(inbox.inbox(settings)),
        stopped=request.app.state.now() - _STILL_US,
    )  # fmt: skip
    return page


async def look(request: Request) -> Response:
    """GET /imports/file?name=…&kind=…&key=…: the file by the mapping that its columns suggest."""
    given = request.query_params
    chosen = Chosen(given.get("name", ""), given.get("kind", ""), given.get("key", ""), "")
    return await _shown(request, chosen)


async def file(request: Request) -> Response:
    """POST /imports: try a mapping on the first rows, or file the import; the writer begins it."""
    asked, who = await form(request), request.state.who
    chosen = _chosen(asked)
    if asked.one("do") != "import":
        return await _shown(request, chosen)
    settings = _settings(request)

    def keep(registry: Registry) -> None:
        key, mapping = _key(registry, chosen), mapping_of(chosen.text)
        inbox.file_in(settings, chosen.name)
        text = msgspec.json.encode(mapping, order="sorted").decode()
        id = registry.file_import(
            key.project, chosen.kind, mapping.source, chosen.name, text, key.id, who.name
        )
        registry.file_command(inbox.KIND, {"import": id}, by=who.name)
        registry.audit(who.name, "import", f"import {id}: {chosen.kind} of {chosen.name}")

    try:
        await request.app.state.reader.registry(keep)
    except BadImport:
        return await _shown(request, chosen)
    return RedirectResponse("/imports", 303)


async def _shown(request: Request, chosen: Chosen) -> Response:
    """The file, its mapping, and what would become of its first rows."""
    if chosen.kind not in KINDS:
        raise HTTPException(400)
    settings, now = _settings(request), request.app.state.now
    tried, text, trouble = None, chosen.text, ""
    try:
        tried, text = await asyncio.to_thread(_tried, settings, chosen, now)
        trouble = tried.trouble or ""
    except SojournError as error:
        trouble = str(error)
    hidden = bool(request.state.who.scope.masks)
    page: Response = request.app.state.pages.page(
        request, "import.html", tried=tried, text=text, chosen=chosen, trouble=trouble, hidden=hidden
    )
    return page


def _tried(settings: WarehouseSettings, chosen: Chosen, now: Callable[[], int]) -> tuple[inbox.Tried, str]:
    """In a thread with a registry of its own: a large file must hold up no page."""
    with closing(Registry.open(settings.folders.registry, now=now)) as registry:
        key = _key(registry, chosen)
        mapping: Mapping | None = mapping_of(chosen.text) if chosen.text.strip() else None
        tried = inbox.tried(settings, registry, chosen.name, chosen.kind, key, mapping, now)
        text = chosen.text if mapping is not None else as_yaml(KINDS[chosen.kind], tried.mapping)
        return tried, text


def _chosen(asked: Form) -> Chosen:
    return Chosen(asked.one("name"), asked.one("kind"), asked.one("key"), asked.secret("mapping"))


def _key(registry: Registry, chosen: Chosen) -> Key:
    found = [key for key in _keys(registry) if key.id == chosen.key_id or not chosen.key_id]
    if not found:
        raise BadImport(f"key {chosen.key_id!r} will not do; `sojourn key create` makes one")
    return found[0]


def _keys(registry: Registry) -> list[Key]:
    return [key for key in registry.keys() if key.revoked_at is None]


def _settings(request: Request) -> WarehouseSettings:
    return WarehouseSettings(data=request.app.state.settings.data)
