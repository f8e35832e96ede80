"""Questions in SQL that people saved."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.audit import Audit

SCRIPT = """
    CREATE TABLE saved_queries (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL, owner TEXT NOT NULL,
        saved_at INTEGER NOT NULL)"""
_LONGEST_NAME: Final = 100
_LONGEST: Final = 20_000


class SavedQuery(msgspec.Struct, frozen=True):
    """A statement under a name; `saved_at` is µs UTC."""

    id: int
    name: str
    text: str
    owner: str
    saved_at: int


class SavedQueries(Audit):
    """The part of the registry that keeps them; everybody who may ask SQL sees all, owners change theirs."""

    def save_query(self, name: str, text: str, owner: str) -> SavedQuery:
        """Save, or replace the own one of that name. RegistryError where it is another's, or has no name."""
        if not 0 < len(name) <= _LONGEST_NAME or not 0 < len(text) <= _LONGEST:
            raise RegistryError(
                f"a name of 1 to {_LONGEST_NAME} characters and a statement of 1 to {_LONGEST} would do"
            )
        known = self._all("SELECT owner FROM saved_queries WHERE name = ?", (name,))
        if known and known[0][0] != owner:
            raise RegistryError(f"{known[0][0]} has saved a query {name!r}; choose another name")
        with self._transaction():
            self._con.execute(
                "INSERT INTO saved_queries (name, text, owner, saved_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET text = excluded.text, saved_at = excluded.saved_at",
                (name, text, owner, self._now()),
            )
            self._note(owner, "query.save", f"{name}: {text[:1_000]}")
        return next(one for one in self.saved_queries() if one.name == name)

    def saved_queries(self) -> list[SavedQuery]:
        sql = "SELECT id, name, text, owner, saved_at FROM saved_queries ORDER BY name"
        return [SavedQuery(*row) for row in self._all(sql)]

    def drop_query(self, id: int, owner: str) -> None:
        """RegistryError where it is not one of theirs."""
        if not any(one.id == id and one.owner == owner for one in self.saved_queries()):
            raise RegistryError(f"{owner} has saved no query {id}")
        with self._transaction():
            self._con.execute("DELETE FROM saved_queries WHERE id = ?", (id,))
            self._note(owner, "query.drop", str(id))
