"""The columns of events with clicks and scrolling in them, as SQL made from what each SDK tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from warehouse.catalogs.text import quoted
from warehouse.insights.fields import field
from warehouse.insights.heat.captured import CLICKS, DEAD, DEPTHS, LEFT, POINTS, Click

_PLACE: Final = re.compile(r"\{([^{}:]+)(:text)?\}")
_LEFT_PAGE: Final = f"context/posthog/{LEFT}"
_POINTS: Final = "posthog/$heatmap_data"
_WIDTH: Final = "context/posthog/$viewport_width"
_TEXTS: Final = ("selector", "tags", "chain", "id", "label", "href")
_NUMBERS: Final = ("x", "y", "width")


def kinds() -> str:
    """SQL: whether the event `e` tells of a view, a click or scrolling."""
    return _views_and([*CLICKS, *DEAD, *DEPTHS, POINTS])


def clicked() -> str:
    """SQL: whether the event `e` tells of a view or a click."""
    return _views_and(CLICKS)


def beside(left: str) -> str:
    """SQL: whether the event `e` of another page tells of this one; `left`: whether it was the one before."""
    return f"(e.dialect = 'posthog' AND (e.event IS NOT DISTINCT FROM '{POINTS}' OR {left}))"


def what() -> str:
    """SQL: view, click, dead, points, or null where the event tells of neither."""
    return (
        "CASE WHEN e.type = 'page' THEN 'view'"
        f" {_when(CLICKS, lambda one: _of_kind(one, 'click'))}"
        f" WHEN e.event IN ({_listed(DEAD)}) THEN 'dead'"
        f" WHEN e.event = '{POINTS}' THEN 'points' END"
    )


def columns() -> dict[str, str]:
    """What the statement of the heat map reads of each event, by name."""
    told = {**CLICKS, **DEAD}
    found = {
        "subject": "e.subject_key",
        "device_type": "e.device_type",
        "what": what(),
        "depth": _depth(),
        "points": f"CASE WHEN e.event = '{POINTS}' THEN json_extract(e.context, '/{_POINTS}') END",
    }
    for name in _TEXTS:
        found[name] = _case(told, lambda one, name=name: text_at(getattr(one, name)))  # type: ignore[misc]
    for name in _NUMBERS:
        found[name] = _case(told, lambda one, name=name: number_at(getattr(one, name)))  # type: ignore[misc]
    found["width"] = (
        f"coalesce({found['width']}, CASE WHEN e.dialect = 'posthog' THEN {number_at(_WIDTH)} END)"
    )
    found["tree"] = _case(told, lambda one: json_at(one.tree))
    found["tag"] = _case(told, lambda one: f"'{one.tag}'" if one.tag else "NULL")
    return found


def path_of_depth() -> str:
    """SQL: the path of the page that scrolling is told of; with a view PostHog tells of the page before."""
    return f"coalesce(CASE WHEN e.dialect = 'posthog' THEN {text_at(_LEFT_PAGE)} END, e.page_path)"


def text_at(place: str) -> str:
    """SQL: the text at a place; NULL for none."""
    return field(place).text if place else "NULL"


def number_at(place: str) -> str:
    """SQL: the number at a place; NULL for none."""
    return field(place).number if place else "NULL"


def json_at(place: str) -> str:
    """SQL: the list at a place; NULL for none, and where something else stands there."""
    if not place:
        return "NULL"
    column, _, path = place.partition("/")
    found = f"json_extract(e.{column}, '/{quoted(path)}')"
    return f"CASE WHEN json_type({found}) = 'ARRAY' THEN {found} END"


def _depth() -> str:
    left = DEPTHS["$pageleave"]
    said = {name: _PLACE.sub(_at, sql) for name, sql in DEPTHS.items()}
    views = f"WHEN e.type = 'page' AND e.dialect = 'posthog' THEN {_PLACE.sub(_at, left)}"
    return f"CASE {views} WHEN e.type = 'page' THEN NULL {_whens(said)} END"


def _at(found: re.Match[str]) -> str:
    return text_at(found[1]) if found[2] else number_at(found[1])


def _case(told: Mapping[str, Click], sql: Callable[[Click], str]) -> str:
    """What `sql` says for each event; those that say nothing are left out."""
    return f"CASE {_when(told, sql)} END"


def _when(told: Mapping[str, Click], sql: Callable[[Click], str]) -> str:
    return _whens({name: sql(one) for name, one in told.items()})


def _whens(said: Mapping[str, str]) -> str:
    """One branch for all events of which the same is said."""
    names: dict[str, list[str]] = {}
    for name, sql in said.items():
        names.setdefault(sql, []).append(name)
    return " ".join(
        f"WHEN e.event IN ({_listed(of)}) THEN {sql}" for sql, of in names.items() if sql != "NULL"
    )


def _views_and(names: Iterable[str]) -> str:
    return f"(e.type = 'page' OR (e.type = 'track' AND e.event IN ({_listed(names)})))"


def _of_kind(one: Click, kind: str) -> str:
    """Of an event that tells of changes and forms as well only its clicks."""
    return f"if({text_at(one.kind)} = '{kind}', '{kind}', NULL)" if one.kind else f"'{kind}'"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{quoted(name)}'" for name in names)
