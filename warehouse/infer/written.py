"""A drafted plan as YAML that people go on with: comments say what was seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from warehouse.infer.schemas import COMMENT

_PLAIN = re.compile(r"[^\W\d_][\w-]*(?: \w[\w-]*)*")
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


def quoted(text: str) -> str:
    """A text as YAML reads it back: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def comment(text: str) -> str:
    """Text behind #, on one line."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return f"# {' '.join(plain.split())}"


def mapping(values: dict[str, Any], indent: int) -> Iterator[str]:
    """The lines of a schema; what stands under COMMENT is one."""
    pad = " " * indent
    for name, value in values.items():
        if name == COMMENT:
            continue
        if not isinstance(value, dict):
            yield f"{pad}{quoted(name)}: {_scalar(value)}"
            continue
        said = f" {comment(value[COMMENT])}" if COMMENT in value else ""
        if any(isinstance(part, dict) for part in value.values()):
            yield f"{pad}{quoted(name)}:{said}"
            yield from mapping(value, indent + 2)
        else:
            yield f"{pad}{quoted(name)}: {_flow(value)}{said}"


def _flow(value: dict[str, Any]) -> str:
    """A schema without others inside, on one line."""
    parts = (f"{quoted(name)}: {_scalar(part)}" for name, part in value.items() if name != COMMENT)
    return "{" + ", ".join(parts) + "}"


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    return "null" if value is None else quoted(str(value))
