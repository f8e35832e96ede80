"""Watches and their alerts: what is watched, what was off and why, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
import yaml
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.console.charts import Chart, Series
from warehouse.console.forms import Form, form
from warehouse.console.moments import cell, day
from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.registry.alerts import Judgement, State
from warehouse.registry.watches import PublishedWatch
from warehouse.times import iso
from warehouse.watches import publishing
from warehouse.watches.definition import Watch, published, read_watch
from warehouse.watches.errors import BadWatch

_SHOWN: Final = 100
_INTERVALS: Final = 180
_STATES: Final = ("open", "acknowledged", "closed")
_NUMBERS: Final = ("value", "expected", "low", "high")


async def alerts(request: Request) -> Response:
    """GET /alerts: what is watched, and the newest alerts (?state=open)."""
    return await _listed(request)


async def _listed(request: Request, *, reason: str = "", written: str = "", status: int = 200) -> Response:
    state = request.query_params.get("state", "")
    wanted = state if state in _STATES else None

    def kept(known: Registry) -> Any:
        projects = sorted({key.project for key in known.keys()})
        return publishing.standing(known), known.alerts(state=wanted, limit=_SHOWN), projects

    standing, found, projects = await request.app.state.reader.registry(kept)
    return _page(
        request,
        "alerts.html",
        status,
        watches=standing,
        alerts=found,
        projects=projects,
        state=state,
        states=_STATES,
        reason=reason,
        written=written,
    )


async def watch(request: Request) -> Response:
    """GET /alerts/watch?project=…&name=…: the series with its band, its alerts, and its definition."""
    project, name = (request.query_params.get(one, "") for one in ("project", "name"))

    def kept(known: Registry) -> Any:
        newest = known.watch(project, name)
        return newest, known.judgements(newest), known.alerts(project=project, watch=name, limit=_SHOWN)

    try:
        newest, judged, found = await request.app.state.reader.registry(kept)
    except RegistryError as error:
        raise HTTPException(404) from error
    return _page(
        request,
        "watch.html",
        watch=newest,
        stopped=_stopped(newest),
        text=_as_yaml(newest.text),
        alerts=found,
        **_drawn(judged[-_INTERVALS:]),
    )


async def alert(request: Request) -> Response:
    """GET /alerts/NO: one alert with its causes and history, in the series that it is of. POST: its state."""
    if request.method == "POST":
        return await _moved(request, await form(request))
    return await _alert(request)


async def _alert(request: Request, *, reason: str = "", status: int = 200) -> Response:
    number = request.path_params["number"]

    def kept(known: Registry) -> Any:
        found = known.alert(number)
        version = next(
            one for one in known.watches(found.project, found.watch) if one.number == found.version
        )
        return found, known.judgements(version)

    try:
        found, judged = await request.app.state.reader.registry(kept)
    except (RegistryError, StopIteration) as error:
        raise HTTPException(404) from error
    return _page(
        request, "alert.html", status, alert=found, reason=reason, **_drawn(_around(judged, found.at))
    )


async def _moved(request: Request, asked: Form) -> Response:
    number, by, reason = request.path_params["number"], request.state.who.name, asked.one("reason")[:1_000]
    state = asked.one("state")
    if state not in _STATES or not reason:
        return await _alert(request, reason="a reason and a state would do", status=400)

    def change(known: Registry) -> None:
        found = known.change_alert(number, cast(State, state), by=by, reason=reason)
        known.audit(by, f"alert.{state}", f"{found.project}: {number} of {found.watch}: {reason}")

    try:
        await request.app.state.reader.registry(change)
    except RegistryError as error:
        return await _alert(request, reason=str(error), status=400)
    return RedirectResponse(f"/alerts/{number}", 303)


async def change(request: Request) -> Response:
    """POST /alerts: publish a watch, from fields or as YAML; pause one, go on with it, or remove it."""
    asked, by = await form(request), request.state.who.name
    project = asked.one("project")

    def do(known: Registry) -> None:
        if project not in {key.project for key in known.keys()}:
            raise RegistryError(f"there is no project {project[:80]!r}")
        match asked.one("do"):
            case "pause":
                publishing.stop(known, project, asked.one("name"), by)
            case "resume":
                publishing.resume(known, project, asked.one("name"), by)
            case "remove":
                publishing.remove(known, project, asked.one("name"), by)
            case _:
                publishing.publish(known, project, _made(asked), by)

    try:
        await request.app.state.reader.registry(do)
    except Terminal as error:
        return await _listed(request, reason=str(error), written=asked.secret("text"), status=400)
    return RedirectResponse("/alerts", 303)


def _made(asked: Form) -> Watch:
    """The watch of a form: as YAML, or of one event by a few fields."""
    if asked.one("do") == "text":
        return read_watch(asked.secret("text"))
    alarm: dict[str, Any] = {name: _number(asked, name) for name in ("above", "below", "changed")}
    alarm = {name: value for name, value in alarm.items() if value is not None}
    if asked.one("seasonal") == "yes":
        alarm["seasonal"] = {}
    told = {
        "name": asked.one("name"),
        "every": asked.one("every") or "day",
        "trend": {"events": [asked.one("event") or "*"], "measure": asked.one("measure") or "events"},
        "alarm": alarm,
    }
    return read_watch(msgspec.json.encode(told).decode())


def _number(asked: Form, name: str) -> float | None:
    text = asked.one(name)
    try:
        return float(text) if text else None
    except ValueError:
        raise BadWatch(f"{name} {text[:20]!r}: a number would do") from None


def _stopped(found: PublishedWatch) -> bool:
    try:
        return published(found.text).stopped
    except BadWatch:
        return False


def _as_yaml(text: str) -> str:
    """The definition as people write it, without what is usual."""
    told = msgspec.json.decode(text)
    return yaml.safe_dump(_lean(told), allow_unicode=True, sort_keys=False, width=120)


def _lean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _lean(one) for name, one in value.items() if one not in (None, [], "", False)}
    return [_lean(one) for one in value] if isinstance(value, list) else value


def _around(judged: Sequence[Judgement], at: int) -> Sequence[Judgement]:
    """The intervals before an alert, and a few after it."""
    place = next((number for number, one in enumerate(judged) if one.at == at), len(judged))
    return judged[max(0, place - 60) : place + 15]


def _drawn(judged: Sequence[Judgement]) -> dict[str, Any]:
    """The series between where it might have been, alarms marked; and the same as rows."""
    series = [Series(name, [getattr(one, name) for one in judged]) for name in _NUMBERS]
    marked = [number for number, one in enumerate(judged) if one.verdict == "alarm" and one.value is not None]
    labels = [day(iso(one.at)) for one in judged]
    chart = Chart("line", labels, series, band=("low", "high"), marked=marked)
    rows = [
        (iso(one.at), [cell(getattr(one, name)) for name in (*_NUMBERS, "n")], one.verdict) for one in judged
    ]
    return {
        "chart": msgspec.json.encode(chart).decode() if judged else "",
        "rows": rows[::-1],
        "names": _NUMBERS,
    }


def _page(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    page: Response = request.app.state.pages.page(request, name, status, cell=cell, **values)
    return page
