"""The value of one cell, read as what its field is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import msgspec

from sdk_contract.verdicts import Reason
from warehouse.imports.dates import Dates, Unreadable
from warehouse.imports.kinds import Of

_NUMBER: Final = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_SIGNS: Final = "¥￥$€£ \u00a0"
_YES: Final = frozenset(("true", "yes", "y", "1", "t", "是", "有"))
_NO: Final = frozenset(("false", "no", "n", "0", "f", "否", "无"))
_EXACT: Final = 15  # digits that a float holds
Reader = Callable[[Any], Any]


def reader(of: Of, dates: Dates) -> Reader:
    """What reads cells of a field; it raises Unreadable. Times become ISO 8601 text, UTC."""
    if of == "time":
        return lambda value: iso(dates.read(value))
    return {"number": number, "boolean": boolean, "json": json, "text": text}[of]


def text(value: Any) -> Any:
    """Text as it is, without blanks around it; what a file holds as another type stays one."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return number(str(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        raise Unreadable(Reason.BAD_VALUE, "text or a number")
    return value


def number(value: Any) -> Any:
    """An amount, with thousands in groups of three and a sign of currency or without."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not isfinite(value):
            raise Unreadable(Reason.BAD_VALUE, "a number such as 1234.50")
        return value
    bare = str(value).strip().strip(_SIGNS)
    if not _NUMBER.fullmatch(bare):
        raise Unreadable(Reason.BAD_VALUE, "a number such as 1234.50")
    digits = bare.replace(",", "").lstrip("+")
    if digits.lstrip("-").isdigit():
        return int(digits) if len(digits) <= _EXACT + 3 else float(digits)
    return float(digits)


def boolean(value: Any) -> bool:
    """Yes or no, in English or Chinese."""
    said = str(value).strip().lower()
    if said in _YES or said in _NO:
        return said in _YES
    raise Unreadable(Reason.BAD_VALUE, "true or false")


def json(value: Any) -> Any:
    """A list or an object, or the JSON text of one."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise Unreadable(Reason.BAD_VALUE, "JSON") from None


def iso(moment: int) -> str:
    """A moment (µs UTC) as events have it."""
    seconds, part = divmod(moment, 1_000_000)
    found = datetime.fromtimestamp(seconds, UTC).replace(microsecond=part)
    return found.isoformat().replace("+00:00", "Z")
