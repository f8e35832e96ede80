"""A destination saved: its password in a file of its own, for the owner of the data folder alone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from warehouse.publish.choice import Choice, chosen
from warehouse.publish.errors import BadDestination
from warehouse.publish.place import Place
from warehouse.registry import Registry
from warehouse.registry.destinations import Destination
from warehouse.settings import Folders

MOST_SECONDS: Final = 86_400.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def save(
    registry: Registry,
    folders: Folders,
    name: str,
    place: Place,
    choice: Choice,
    every: float,
    password_file: Path | None,
    by: str,
) -> Destination:
    """Keep `place` fresh every `every` seconds from now on. BadDestination, UnknownName."""
    if not _NAME.fullmatch(name):
        raise BadDestination(f"name {name!r} will not do; small letters, digits, - and _ would, at most 40")
    if not 1 <= every <= MOST_SECONDS:
        raise BadDestination(f"every {every:g} s will not do; 1 s to 24 h would")
    text = msgspec.json.encode(chosen(choice)).decode()
    where = str(password_file.absolute()) if password_file else _keep(folders, name, place)
    made = registry.put_destination(name, place.text, text, every, where, by)
    registry.audit(by, "destination.add", f"{name}: {place.text}")
    return made


def forget(registry: Registry, folders: Folders, name: str, by: str) -> Destination:
    """Forget a destination and the password that was kept for it. What stands there stays."""
    gone = registry.remove_destination(name)
    _file(folders, name).unlink(missing_ok=True)
    registry.audit(by, "destination.remove", f"{name}: {gone.place}")
    return gone


def _keep(folders: Folders, name: str, place: Place) -> str:
    file = _file(folders, name)
    file.unlink(missing_ok=True)
    if place.database is None or not (password := place.database.password.reveal()):
        return ""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(password)
        out.flush()
        os.fsync(out.fileno())
    return str(file.absolute())


def _file(folders: Folders, name: str) -> Path:
    return folders.secrets / f"destination-{name}"
