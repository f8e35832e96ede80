"""The kinds of cleaning, and what becomes of one value of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from sdk_contract.cleaning.contacts import normal_email, normal_phone
from sdk_contract.cleaning.countries import country_code
from sdk_contract.cleaning.currencies import currency_code
from sdk_contract.cleaning.numbers import read_boolean, read_integer, read_number
from sdk_contract.cleaning.regions import region_name

# Texts that say that there is nothing to say; "na" is not among them, since it is Namibia's code.
NOTHING: Final = frozenset(
    (
        *("", "-", "--", "—", "——", "n/a", "null", "none", "nil", "nan", "undefined", "unknown"),
        *("(not set)", "not set", "(none)", "[null]", "未知", "无", "不详", "暂无", "空"),
    )
)
_TOKEN: Final = "sj:"
_LONGEST_NOTHING: Final = max(map(len, NOTHING))
_SPACES: Final = "\ufeff\u200b\u200c\u200d\u2060"


def clean(kind: str, value: object) -> object:
    """The value as its kind is written here; the same object where there is nothing to do, or no way to.

    `kind` is one of `KINDS` (KeyError for another). None stands for empty texts and for those that say
    "unknown". A value that privacy treatment left as a token is not touched.
    """
    if type(value) is str:
        if kind not in _OF_FEW_VALUES or len(value) > _SHORT:
            return _text(kind, value)
        found = _remembered(kind, value)
        return value if found is _SAME else found
    cleaner = _CLEANERS[kind]
    if kind not in _READ_NUMBERS or type(value) not in (int, float):
        return value
    return _changed(cleaner(value), value)


@lru_cache(maxsize=8192)
def _remembered(kind: str, value: str) -> object:
    cleaned = _text(kind, value)
    return _SAME if cleaned is value else cleaned


def _text(kind: str, value: str) -> object:
    cleaner = _CLEANERS[kind]
    if value.startswith(_TOKEN):
        return value
    return None if _says_nothing(value) else _changed(cleaner(value), value)


def _changed(cleaned: object, value: object) -> object:
    return value if cleaned is None or _is_same(cleaned, value) else cleaned


def _says_nothing(text: str) -> bool:
    if len(text) > 2 * _LONGEST_NOTHING:
        return not text.strip()
    return text.strip().strip(_SPACES).casefold() in NOTHING


def _is_same(cleaned: object, value: object) -> bool:
    return type(cleaned) is type(value) and cleaned == value


def _trimmed(value: object) -> str | None:
    return str(value).strip().strip(_SPACES).strip()


_CLEANERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "number": read_number,
    "integer": read_integer,
    "boolean": read_boolean,
    "currency": currency_code,
    "country": country_code,
    "region": region_name,
    "email": normal_email,
    "phone": normal_phone,
    "text": _trimmed,
}
_READ_NUMBERS: Final = frozenset(("integer", "boolean", "phone", "region"))
# Of these kinds few values are met, and none is a person's.
_OF_FEW_VALUES: Final = frozenset(("boolean", "currency", "country", "region"))
_SHORT: Final = 64
_SAME: Final = object()
KINDS: Final = tuple(_CLEANERS)
