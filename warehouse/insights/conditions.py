"""Filters as SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import re2

from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import Field
from warehouse.insights.filters import Filter, Scalar
from warehouse.insights.values import Values

_MOST_VALUES: Final = 10_000


def condition(one: Filter, field: Field, values: Values) -> str:
    """SQL that is true where the filter lets pass; never null. BadQuestion where the value will not do."""
    if one.op in ("is set", "is not set"):
        _require(one, one.value is None, "takes no value")
        return f"({field.text} {'IS NOT NULL' if one.op == 'is set' else 'IS NULL'})"
    if one.op in ("in", "not in"):
        return _among(one, field, values)
    _require(one, one.value is not None and not isinstance(one.value, tuple), "takes one value")
    return _SINGLE[one.op](one, field, values)


def all_of(conditions: Iterable[str]) -> str:
    found = [one for one in conditions if one != "TRUE"]
    return f"({' AND '.join(found)})" if len(found) > 1 else found[0] if found else "TRUE"


def _among(one: Filter, field: Field, values: Values) -> str:
    _require(one, isinstance(one.value, tuple) and len(one.value) > 0, "takes a list, such as (DE, FR)")
    assert isinstance(one.value, tuple)
    _require(one, len(one.value) <= _MOST_VALUES, f"takes {_MOST_VALUES} values at most")
    listed = ", ".join(values.bind(_text(value)) for value in one.value)
    found = f"coalesce({field.text} IN ({listed}), FALSE)"
    return found if one.op == "in" else f"(NOT {found})"


def _equal(one: Filter, field: Field, values: Values) -> str:
    negated = "NOT " if one.op == "!=" else ""
    if isinstance(one.value, bool) or not isinstance(one.value, int | float):
        return f"({negated}{field.text} IS NOT DISTINCT FROM {values.bind(_text(one.value))})"
    return f"({negated}coalesce({field.number} = {values.bind(float(one.value))}, FALSE))"


def _compared(one: Filter, field: Field, values: Values) -> str:
    if isinstance(one.value, str):
        return f"coalesce({field.text} {one.op} {values.bind(one.value)}, FALSE)"
    _require(one, not isinstance(one.value, bool), "compares numbers and texts")
    assert isinstance(one.value, int | float)
    return f"coalesce({field.number} {one.op} {values.bind(float(one.value))}, FALSE)"


def _contains(one: Filter, field: Field, values: Values) -> str:
    found = f"coalesce(contains(lower({field.text}), {values.bind(_text(one.value).lower())}), FALSE)"
    return found if one.op == "contains" else f"(NOT {found})"


def _matches(one: Filter, field: Field, values: Values) -> str:
    text = _text(one.value)
    try:
        re2.compile(text)
    except re2.error as error:
        raise BadQuestion(f"{one.field} matches {text[:60]!r}: this is no RE2 expression: {error}") from None
    return f"coalesce(regexp_matches({field.text}, {values.bind(text)}), FALSE)"


def _text(value: Scalar | tuple[Scalar, ...] | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _require(one: Filter, holds: bool, text: str) -> None:
    if not holds:
        raise BadQuestion(f"the filter {one.field!r} {one.op} {text}, not {str(one.value)[:60]!r}")


_SINGLE: Final[dict[str, Callable[[Filter, Field, Values], str]]] = {
    **dict.fromkeys(("=", "!="), _equal),
    **dict.fromkeys((">", ">=", "<", "<="), _compared),
    **dict.fromkeys(("contains", "not contains"), _contains),
    "matches": _matches,
}
