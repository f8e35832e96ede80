"""Filters and selectors as people write them: `Order Completed where properties.price > 9`."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Filter, Selector

_OPERATORS: Final = (
    *("is not set", "is set", "not contains", "contains", "not in", "in", "matches"),
    *("!=", ">=", "<=", "=", ">", "<"),
)
_OPERATOR: Final = re.compile(
    r"\s*("
    + "|".join(rf"(?<=\s){one}(?=\s|\(|$)" if one[0].isalpha() else re.escape(one) for one in _OPERATORS)
    + r")\s*"
)
_WHERE: Final = re.compile(r"\s+where\s+")
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\([^)]*\)|.+?(?=\s+and\s|$)', re.DOTALL)
_AND: Final = re.compile(r"\s*(?:and\s+|$)")
_GROUP: Final = re.compile(
    r'\s*(not\s+)?(tag|cohort)\s*:\s*("(?:[^"\\]|\\.)*"|\w[\w .-]*?)\s*(?:(?<=\s)and\s+|$)'
)
_ITEM: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)')


def selector(text: str) -> Selector:
    """`EVENT`, `page:NAME`, `screen:NAME`, `identify:*` or `*`, each with `where FILTER and FILTER …`.

    BadQuestion where it cannot be read.
    """
    name, *rest = _WHERE.split(text.strip(), maxsplit=1)
    if not name:
        raise BadQuestion("an event has no name; Order Completed, page:Pricing or * would do")
    return Selector(name, filters(rest[0]) if rest else ())


def filters(text: str) -> tuple[Filter, ...]:
    """`FIELD OPERATOR VALUE`, joined by `and`; `tag: NAME`, `not cohort: NAME` alone say who is in it. Texts
    with an `and` inside stand in double quotes.
    """
    found, at = [], 0
    while at < len(text):
        if group := _GROUP.match(text, at):
            found.append(Filter(f"{group[2]}: {_scalar(group[3])}", "=", group[1] is None))
            at = group.end()
            continue
        operator = _OPERATOR.search(text, at)
        if operator is None:
            raise BadQuestion(f"{text[at:][:80]!r} is no filter; country = DE would do")
        field, name, at = text[at : operator.start()].strip(), operator[1], operator.end()
        value: Any = None
        if not name.endswith("set"):
            value, at = _value(text, at)
        found.append(Filter(field, name, value))  # type: ignore[arg-type]
        joint = _AND.match(text, at)
        if joint is None:
            raise BadQuestion(f"{text[at:][:80]!r} is too much in a filter; `and` joins two of them")
        at = joint.end()
    return tuple(found)


def _value(text: str, at: int) -> tuple[Any, int]:
    word = _WORD.match(text, at)
    if word is None:
        raise BadQuestion(f"{text[:80]!r} ends before its value; country = DE would do")
    if word[0].startswith("("):
        return tuple(_scalar(item) for item in _ITEM.findall(word[0][1:-1])), word.end()
    return _scalar(word[0]), word.end()


def _scalar(text: str) -> str | float | bool:
    """JSON's words and numbers as such; every other text as it stands."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text.strip()
    return value if isinstance(value, str | bool | int | float) else text.strip()
