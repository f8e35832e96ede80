"""Automations: rules of actions with what came of them, their destinations, dead letters, and a builder."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import msgspec
import yaml
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.actions import published, standing
from warehouse.actions.errors import BadAction
from warehouse.actions.previewing import Preview, preview
from warehouse.actions.reading import Read, read_actions
from warehouse.console.automations import TRIGGERS, composed
from warehouse.console.forms import Form, form
from warehouse.console.pages.privacy import vault
from warehouse.console.places import PLACE_DOES as _PLACE_DOES
from warehouse.errors import LakeMissing, RegistryError
from warehouse.lake import Lake
from warehouse.registry import Registry

_DEAD: Final = 50
_RUNS: Final = 100
_DOES: Final = ("preview", "publish")


async def automations(request: Request) -> Response:
    """GET /automations: every rule and destination, dead letters. POST: a rule to look at, or to publish."""
    if request.method == "POST":
        return await _built(request, await form(request))
    return await _listed(request)


async def rule(request: Request) -> Response:
    """GET /automations/rule?project=…&name=…: a rule, its entries, and its effect, which comes by itself."""
    project, name = (request.query_params.get(one, "") for one in ("project", "name"))

    def kept(known: Registry) -> Any:
        newest = known.action(project, name)
        (now,) = [one for one in standing.standing(known, project) if one.name == name]
        return newest, now, known.entries(project=project, rule=name, limit=_RUNS)

    try:
        newest, now, found = await request.app.state.reader.registry(kept)
    except RegistryError as error:
        raise HTTPException(404) from error
    said = {"actions": {name: msgspec.json.decode(newest.text)}}
    return _page(
        request,
        "automation.html",
        rule=now,
        text=yaml.safe_dump(said, allow_unicode=True, sort_keys=False),
        entries=[standing.told(one) for one in found],
        may_change=request.state.who.may(Right.SEGMENTS),
    )


async def change(request: Request) -> Response:
    """POST /automations/rule: pause or resume a rule, or let its dead letters wait again."""
    asked, by = await form(request), request.state.who.name
    project, name, do = asked.one("project"), asked.one("name"), asked.one("do")

    def done(known: Registry) -> None:
        if do == "pause":
            known.pause_action(project, name, by)
        elif do == "resume":
            known.resume_action(project, name)
        else:
            known.replay_entries(project, rule=name, by=by)
        known.audit(by, f"action.{do}", f"{project}: {name}")

    if do not in ("pause", "resume", "replay"):
        raise HTTPException(400)
    try:
        await request.app.state.reader.registry(done)
    except RegistryError as error:
        raise HTTPException(404) from error
    return RedirectResponse("/automations", 303)


async def place(request: Request) -> Response:
    """POST /automations/places: destinations published, tried, switched off and on; a secret kept."""
    asked, by = await form(request), request.state.who.name
    do = _PLACE_DOES.get(asked.one("do"))
    if do is None:
        raise HTTPException(400)
    keys = vault(request) if asked.one("do") == "secret" else None
    try:
        await request.app.state.reader.registry(
            lambda known: do(known, asked, by, request.app.state.now(), keys)
        )
    except (Terminal, RegistryError) as error:
        text = asked.secret("yaml")
        project = asked.one("project")
        return await _listed(request, reason=str(error), places_written=text, project=project, status=400)
    return RedirectResponse("/automations#places", 303)


async def _built(request: Request, asked: Form) -> Response:
    """What the form or the text says: looked at, or put to use."""
    do, project, by = asked.one("do"), asked.one("project"), request.state.who.name
    if do not in _DOES:
        raise HTTPException(400)
    text = asked.secret("yaml").replace("\r\n", "\n") or composed(asked)
    try:
        read = read_actions(text)
        if read.destinations:
            raise BadAction("destinations have a form of their own on this page; a rule would do here")
        if do == "publish":
            await request.app.state.reader.registry(lambda known: _publish(known, project, read, by))
            return RedirectResponse("/automations", 303)
        await request.app.state.reader.registry(lambda known: published.check(known, project, read))
        seen = await request.state.lake(lambda lake: _previews(lake, request.app.state.now, project, read))
    except LakeMissing as error:
        return await _listed(request, reason=str(error), written=text, project=project, status=400)
    except Terminal as error:
        return await _listed(request, reason=str(error), written=text, project=project, status=400)
    return await _listed(request, seen=seen, written=text, project=project)


def _publish(known: Registry, project: str, read: Read, by: str) -> None:
    if project not in {key.project for key in known.keys()}:
        raise BadAction(f"project {project[:60]!r} is not there")
    published.publish(known, project, read, by)


def _previews(lake: Lake, now: Any, project: str, read: Read) -> list[Preview]:
    assert lake.registry is not None
    with contextlib.closing(Registry.open(lake.registry, now=now)) as registry:
        return [preview(lake, registry, project, one) for one in read.rules]


async def _listed(
    request: Request,
    *,
    reason: str = "",
    written: str = "",
    places_written: str = "",
    project: str = "",
    seen: list[Preview] | None = None,
    status: int = 200,
) -> Response:
    def kept(known: Registry) -> dict[str, Any]:
        return {
            "rules": standing.standing(known),
            "places": standing.places(known),
            "kept": known.action_secrets_kept(),
            "dead": [
                {**standing.told(one), "project": one.project}
                for one in known.entries(state="dead", limit=_DEAD)
            ],
            "projects": sorted({key.project for key in known.keys()}),
        }

    return _page(
        request,
        "automations.html",
        status,
        triggers=TRIGGERS,
        reason=reason,
        written=written,
        places_written=places_written,
        may_manage=request.state.who.may(Right.MANAGE),
        project=project,
        seen=seen or [],
        may_change=request.state.who.may(Right.SEGMENTS),
        **await request.app.state.reader.registry(kept),
    )


def _page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    page: Response = request.app.state.pages.page(request, name, status, **values)
    return page
