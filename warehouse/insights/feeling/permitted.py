"""Whose texts may be shown: those over which a privacy policy went before they were written."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from sdk_contract.privacy.policy import PRESETS, Policy

_KEYS: Final = """
    SELECT k.id, k.privacy, (
        SELECT p.text FROM policies AS p WHERE p.name = k.privacy ORDER BY p.number DESC LIMIT 1)
    FROM keys AS k"""


def permitted(registry: Path | None) -> frozenset[str]:
    """Ids of the write keys whose policy treats what detectors find in any value: addresses, phones."""
    if registry is None or not registry.is_file():
        return frozenset()
    with contextlib.closing(sqlite3.connect(f"{registry.absolute().as_uri()}?mode=ro", uri=True)) as con:
        rows = con.execute(_KEYS).fetchall()
    return frozenset(key for key, name, text in rows if _detects(name, text))


def _detects(name: str, text: str | None) -> bool:
    policy = Policy.from_json(text) if text is not None else PRESETS.get(name)
    return policy is not None and policy.detects
