"""Numbers and booleans that were sent as text."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LONGEST: Final = 40
_SIGNS: Final = "¥$€£₩₹₽฿₫元块円 "
_CODE: Final = re.compile(r"(?i)^(?:[A-Z]{0,2}(?=[¥$€£])|RMB|CNY|USD|EUR|GBP|JPY|HKD|TWD|SGD|AUD|CAD)|"
                          r"(?:RMB|CNY|USD|EUR|GBP|JPY|HKD|TWD|SGD|AUD|CAD)$")  # fmt: skip
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_COMMA_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINT_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d{1,2}")
_SPACE_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(?:[ '’]\d{3})+(?:\.\d+)?")

_TRUE: Final = frozenset(("true", "t", "yes", "y", "on", "1", "是", "真", "对", "开", "√", "✓"))
_FALSE: Final = frozenset(("false", "f", "no", "n", "off", "0", "否", "假", "错", "关", "不是", "×", "✗"))


def read_number(value: object) -> int | float | None:
    """The number that a text writes, None where it writes none or more than one reading is likely.

    Full-width digits, a sign or code of money around it, and groups of three are understood; `1,5` is 1.5.
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = _bare(value)
    if _PLAIN.fullmatch(text) is None:
        text = _ungrouped(text)
    if not text:
        return None
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return None
    return int(text) if text.lstrip("+-").isdigit() else _short(number)


def read_integer(value: object) -> int | None:
    """The integer that a text or a float without a fraction stands for."""
    number = value if type(value) is float else read_number(value)
    if isinstance(number, float):
        return int(number) if number.is_integer() and abs(number) < 2**63 else None
    return number


def read_boolean(value: object) -> bool | None:
    """True or false from 1, 0, yes, no, 是, 否 and their like."""
    if type(value) in (int, float) and value in (0, 1):
        return value == 1
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    word = unicodedata.normalize("NFKC", value).strip().casefold()
    return True if word in _TRUE else False if word in _FALSE else None


def _bare(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip().replace("−", "-")
    sign = text[:1] if text[:1] in ("+", "-") else ""
    return sign + _CODE.sub("", text[len(sign) :].strip()).strip(_SIGNS)


def _ungrouped(text: str) -> str:
    """The same number without groups and with a point; "" for what is no number."""
    if _COMMA_GROUPS.fullmatch(text):
        return text.replace(",", "")
    if _POINT_GROUPS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(text):
        return text.replace(",", ".")
    return re.sub(r"[ '’]", "", text) if _SPACE_GROUPS.fullmatch(text) else ""


def _short(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
