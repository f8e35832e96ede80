"""The tables that enrichment goes by: YAML beside this file, and their version."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent / "tables"


@cache
def read_table(name: str) -> Any:
    """What tables/<name>.yaml holds."""
    import yaml

    return yaml.safe_load((_FOLDER / f"{name}.yaml").read_bytes())


@cache
def data_version() -> str:
    """The version of patterns and tables: another one may read the same event differently."""
    texts = b"".join(path.read_bytes() for path in sorted(_FOLDER.glob("*.yaml")))
    tables = hashlib.sha256(texts).hexdigest()[:12]
    return f"ua-parser-builtins {version('ua-parser-builtins')}, tables {tables}"
