"""A starter mapping: which column is which field, by the names that columns usually have."""

from __future__ import annotations

import re
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from typing import Any, Final

import yaml

from warehouse.imports.cells import number
from warehouse.imports.dates import Unreadable
from warehouse.imports.kinds import PERSON, Kind
from warehouse.imports.mapping import Cell, Mapping

_BETWEEN: Final = re.compile(r"[\s_\-.()（）:：#]+")


def suggest(kind: Kind, columns: Sequence[str], sample: Lookup[str, Sequence[Any]]) -> Mapping:
    """The mapping that a file's columns suggest; columns of no known name become fields of their own name.

    `sample` holds the first values of each column: those that are all numbers are read as numbers.
    """
    known = {
        alias: field.name for field in (*PERSON, *kind.fields) for alias in _names(field.name, field.names)
    }
    fields: dict[str, str | Cell] = {}
    for column in columns:
        name = known.get(_bare(column))
        if name is not None and name not in fields:
            fields[name] = column
        elif column.strip():
            fields.setdefault(column.strip()[:100], _cell(column, sample.get(column, ())))
    id_column = fields.get(kind.id)
    named = kind.name == "customers" and id_column is None
    by = next((fields[name] for name in ("user_id", "email", "phone") if name in fields), None)
    return Mapping(fields, id=(by,) if named and isinstance(by, str) else ())


def as_yaml(kind: Kind, mapping: Mapping) -> str:
    """A mapping as a file to go on from."""
    whole: dict[str, Any] = {"source": mapping.source}
    if mapping.id:
        whole["id"] = list(mapping.id)
    if mapping.time_zone:
        whole["time_zone"] = mapping.time_zone
    whole["fields"] = {}
    for name, one in mapping.fields.items():
        whole["fields"][name] = (
            one if isinstance(one, str) else {"column": one.column, "as": one.of or "text"}
        )
    text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False, width=1000)
    known = ", ".join(field.name for field in (*kind.fields, *PERSON))
    zone = "" if mapping.time_zone else "# time_zone: Asia/Shanghai  # of times that name no zone\n"
    return f"# {kind.name}: field <- column. Known fields: {known}.\n{zone}{text}"


def _cell(column: str, values: Sequence[Any]) -> str | Cell:
    said = [value for value in values if value not in (None, "")]
    return Cell(column, of="number") if said and all(map(_is_amount, said)) else column


def _is_amount(value: Any) -> bool:
    """Whether a value is a number whose digits are not a name: no zeros before it, not too many of them."""
    if isinstance(value, int | float):
        return not isinstance(value, bool)
    bare = str(value).strip()
    try:
        number(bare)
    except Unreadable:
        return False
    return len(bare) <= 10 and (bare == "0" or not re.match(r"0\d", bare))


def _names(name: str, names: Sequence[str]) -> set[str]:
    return {_bare(one) for one in (name, *names)}


def _bare(column: str) -> str:
    return _BETWEEN.sub("", column).lower()
