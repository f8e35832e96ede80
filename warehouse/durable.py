"""What is on disk for good."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """fsync a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, data: bytes) -> None:
    """Put `data` in the file's place, whole or not at all."""
    aside = path.with_suffix(".new")
    aside.write_bytes(data)
    sync(aside)
    os.replace(aside, path)
    sync(path.parent)
