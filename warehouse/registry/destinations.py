"""Where results go: saved destinations, and how each of them is."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE destinations (
        name TEXT PRIMARY KEY, place TEXT NOT NULL, choice TEXT NOT NULL, every REAL NOT NULL,
        password_file TEXT NOT NULL, added_at INTEGER NOT NULL, added_by TEXT NOT NULL, state TEXT NOT NULL)
    """
_COLUMNS = "name, place, choice, every, password_file, added_at, added_by, state"


class State(msgspec.Struct, frozen=True):
    """How a destination is; moments in µs UTC.

    `complete_until`: every event received before is there; `rows` and `changed` are of the last run that
    worked, which ended at `worked_at` and took `seconds`. `failing_since`, `failures` and `error` tell of
    those that did not since; None and 0 where the last one did. `next_at`: when it is tried again.
    """

    worked_at: int | None = None
    complete_until: int | None = None
    snapshot: int | None = None
    rows: int = 0
    changed: int = 0
    seconds: float = 0.0
    failing_since: int | None = None
    failures: int = 0
    error: str | None = None
    next_at: int = 0


class Destination(msgspec.Struct, frozen=True):
    """A place that is kept fresh every `every` seconds. `choice` is JSON; no password stands here, only the
    file that holds it.
    """

    name: str
    place: str
    choice: str
    every: float
    password_file: str
    added_at: int
    added_by: str
    state: State


class Destinations(Database):
    """The part of the registry that keeps destinations."""

    def put_destination(
        self, name: str, place: str, choice: str, every: float, password_file: str, by: str
    ) -> Destination:
        """From now on this is the destination of that name; its state begins anew."""
        values = (name, place, choice, every, password_file, self._now(), by, "{}")
        with self._transaction():
            self._con.execute("INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return self.destination(name)

    def remove_destination(self, name: str) -> Destination:
        """Forget it; what stands there stays. RegistryError where there is none."""
        found = self.destination(name)
        with self._transaction():
            self._con.execute("DELETE FROM destinations WHERE name = ?", (name,))
        return found

    def destination(self, name: str) -> Destination:
        """RegistryError where there is none of that name."""
        found = {one.name: one for one in self.destinations()}
        if name not in found:
            known = f"there is {', '.join(found)}" if found else "`sojourn destination add` brings one"
            raise RegistryError(f"there is no destination {name!r}; {known}")
        return found[name]

    def destinations(self) -> list[Destination]:
        """All of them, by name."""
        rows = self._all(f"SELECT {_COLUMNS} FROM destinations ORDER BY name")
        return [_destination(dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]

    def note_destination(self, name: str, state: State) -> None:
        """How it is now; nothing where it was removed meanwhile."""
        with self._transaction():
            text = msgspec.json.encode(state).decode()
            self._con.execute("UPDATE destinations SET state = ? WHERE name = ?", (text, name))

    def hurry_destination(self, name: str) -> None:
        """It is due at once. RegistryError where there is none of that name."""
        self.note_destination(name, msgspec.structs.replace(self.destination(name).state, next_at=0))


def _destination(row: dict[str, Any]) -> Destination:
    return Destination(**{**row, "state": msgspec.json.decode(row["state"], type=State)})
