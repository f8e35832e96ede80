"""Rules of tags: made in a form or as YAML, tried on the lake as it is, published or kept as a cohort."""

from __future__ import annotations

from typing import Any, Final

import re2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import SojournError, Terminal
from warehouse.access.masks import names as masked
from warehouse.cohorts.gathering import checked, of_values
from warehouse.cohorts.saving import KIND
from warehouse.console.asking import address
from warehouse.console.forms import Form, form
from warehouse.console.rule_forms import Wanted, opened, sent
from warehouse.errors import LakeMissing
from warehouse.insights.names import projects
from warehouse.registry import Registry
from warehouse.tags.drafts import FIELDS, MOST_PARTS, one_tag
from warehouse.tags.errors import BadTags
from warehouse.tags.published import publish_one, withdraw
from warehouse.tags.rules import Tag, fields_of
from warehouse.tags.trying import Tried, holders, try_out

_MATCHES: Final = ("all", "any")


async def builder(request: Request) -> Response:
    """GET /segments/rule: an empty form, or with `project` and `tag` the rule in use."""
    project, name = (request.query_params.get(field, "") for field in ("project", "tag"))
    rules = await request.app.state.reader.registry(lambda known: known.tag_rules())
    rule = next((one for one in rules if (one.project, one.tag) == (project, name) and one.text), None)
    if name and rule is None:
        raise HTTPException(404)
    return await _shown(request, opened(project, rule))


async def change(request: Request) -> Response:
    """POST /segments/rule: the form and its YAML after each other; `do` says what was pressed."""
    asked = await form(request)
    wanted = sent(asked)
    try:
        if asked.one("do") == "publish":
            return await _publish(request, wanted)
        if asked.one("do") == "cohort":
            return await _keep(request, wanted, asked)
        one_tag(wanted.text)
    except SojournError as error:
        # A form that is only being filled in has nothing to complain of yet.
        said = str(error) if asked.one("do") in ("publish", "cohort") or wanted.edited else ""
        return await _shown(request, wanted, reason=said)
    return await _shown(request, wanted)


async def size(request: Request) -> Response:
    """POST /segments/rule/size: how many would have the tag, of those whom the asker may see."""
    wanted, reason, found = sent(await form(request)), "", None
    try:
        found = await _tried(request, wanted)
    except LakeMissing:
        reason = ""
    except Terminal as error:
        reason = str(error)
    html: str = request.app.state.pages.part(request, "_tried.html", tried=found, reason=reason)
    return Response(html, media_type="text/html; charset=utf-8")


async def drop(request: Request) -> Response:
    """POST /segments/rule/drop: the tag is taken out of use."""
    asked, who = await form(request), request.state.who.name
    project, name = asked.one("project"), asked.one("tag")
    await request.app.state.reader.registry(lambda known: withdraw(known, project, name, who))
    return RedirectResponse(f"/segments?{address({'gone': [name]})}", 303)


async def _tried(request: Request, wanted: Wanted) -> Tried:
    tag = _permitted(request, one_tag(wanted.text))
    (found,) = await request.state.lake(
        lambda lake: try_out(lake, wanted.project, [tag]), gone=request.is_disconnected
    )
    tried: Tried = found
    return tried


async def _publish(request: Request, wanted: Wanted) -> Response:
    who, tag = request.state.who, _permitted(request, one_tag(wanted.text))
    if who.scope.bounded:
        raise BadTags("a tag is of all customers, and you see some of them; keep those as a cohort instead")

    def publish(known: Registry) -> None:
        if wanted.project not in {key.project for key in known.keys()}:
            raise BadTags(f"project {wanted.project[:80]!r} has no write key; one that has would do")
        publish_one(known, wanted.project, tag, who.name, version=wanted.version_of(tag.name))

    await request.app.state.reader.registry(publish)
    return RedirectResponse(f"/segments?{address({'published': [tag.name]})}", 303)


async def _keep(request: Request, wanted: Wanted, asked: Form) -> Response:
    """A command for the writer: those who would have it now, of whom the asker may see."""
    name, tag = checked(asked.one("cohort")), _permitted(request, one_tag(wanted.text))
    found = await request.state.lake(
        lambda lake: of_values(lake, wanted.project, holders(lake, wanted.project, tag), None),
        gone=request.is_disconnected,
    )
    told = f"rule: {tag.description or tag.text}"[:500]
    wish = {"project": wanted.project, "cohort": name, "description": told, "keys": found.keys}
    who = request.state.who.name
    filed = await request.app.state.reader.registry(lambda known: known.file_command(KIND, wish, by=who))
    return RedirectResponse(f"/segments?{address({'filed': [str(filed)]})}", 303)


def _permitted(request: Request, tag: Tag) -> Tag:
    """BadTags where it asks of a field that is masked for the asker: its size would tell what it holds."""
    masks = request.state.who.scope.masks
    if not masks:
        return tag
    hidden = re2.compile(masked(masks))
    for name in fields_of(tag.when):
        if any(hidden.fullmatch(part) for part in (name, *name.replace("/", ".").split("."))):
            raise BadTags(f"field {name[:80]!r} is masked for you; one that you may see would do")
    return tag


async def _shown(request: Request, wanted: Wanted, *, reason: str = "") -> Response:
    try:
        known = await request.state.lake(projects)
    except LakeMissing:
        known = []
    values: dict[str, Any] = {"wanted": wanted, "draft": wanted.draft, "projects": known, "reason": reason}
    page: Response = request.app.state.pages.page(
        request,
        "rule.html",
        400 if reason else 200,
        kinds=FIELDS,
        matches=_MATCHES,
        most=MOST_PARTS,
        may_publish=not request.state.who.scope.bounded,
        **values,
    )
    return page
