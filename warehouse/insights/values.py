"""The values of a statement: bound as parameters when it runs, written out when it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from warehouse.catalogs.text import quoted
from warehouse.insights.errors import BadQuestion

_NAMED: Final = re.compile(r"\$(p\d+)\b")


class Values:
    """Gives each value a name of its own in the statement."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """What stands for the value in SQL. BadQuestion where it has a NUL, which no text of the lake has."""
        if _has_nul(value):
            raise BadQuestion("the question holds a NUL, which no text in the lake has; leave it out")
        for name, known in self.named.items():
            if type(known) is type(value) and known == value:
                return f"${name}"
        name = f"p{len(self.named) + 1}"
        self.named[name] = value
        return f"${name}"

    def of(self, sql: str) -> dict[str, Any]:
        """Those that stand in this statement."""
        return {name: self.named[name] for name in dict.fromkeys(_NAMED.findall(sql))}


def _has_nul(value: Any) -> bool:
    """DuckLake writes values into statements of its own, where a NUL would end them."""
    if isinstance(value, str):
        return "\0" in value
    return isinstance(value, Sequence) and any(map(_has_nul, value))


def written(sql: str, named: Mapping[str, Any]) -> str:
    """The statement with its values in it, such as an analyst can run anywhere."""
    return _NAMED.sub(lambda found: literal(named[found[1]]), sql)


def literal(value: Any) -> str:
    """A value as SQL has it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(literal, value))}]"
    return f"'{quoted(str(value))}'"
