"""Values as files hold them."""

from __future__ import annotations

from typing import Any, Final

from warehouse.query import text

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> str:
    """A value in CSV: a text that a spreadsheet would take for a formula has a ' before it."""
    written = text(value)
    return f"'{written}" if isinstance(value, str) and written.startswith(_FORMULA) else written
