"""Where actions go, as it was published, whether it is switched off, and the secrets that it needs."""

from __future__ import annotations

from typing import Final

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

SWITCHES: Final = "ALTER TABLE action_destinations ADD COLUMN off_since INTEGER"


class ActionPlaces(Database):
    """The part of the registry that keeps destinations of actions."""

    def publish_action_destination(self, project: str, name: str, text: str, by: str) -> None:
        """What waits goes there from now on; one that is switched off stays so."""
        sql = """
            INSERT INTO action_destinations (project, name, text, published_at, published_by)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (project, name) DO UPDATE SET
                text = excluded.text, published_at = excluded.published_at,
                published_by = excluded.published_by"""
        with self._transaction():
            self._con.execute(sql, (project, name, text, self._now(), by))

    def action_destinations(self, project: str | None = None) -> dict[tuple[str, str], str]:
        """The text (JSON) of each destination by project and name."""
        sql = "SELECT project, name, text FROM action_destinations WHERE project = coalesce(?, project)"
        return {(of, name): text for of, name, text in self._all(f"{sql} ORDER BY 1, 2", (project,))}

    def switch_action_destination(self, project: str, name: str, *, on: bool) -> None:
        """Send nothing there, or go on; what is for it waits. RegistryError where there is none."""
        sql = "UPDATE action_destinations SET off_since = ? WHERE project = ? AND name = ?"
        with self._transaction():
            if not self._con.execute(sql, (None if on else self._now(), project, name)).rowcount:
                known = ", ".join(there for _, there in self.action_destinations(project)) or "none"
                raise RegistryError(f"{project} has no destination {name[:60]!r}; there is {known}")

    def action_destinations_off(self) -> set[tuple[str, str]]:
        """(project, name) of each that is switched off."""
        sql = "SELECT project, name FROM action_destinations WHERE off_since IS NOT NULL"
        return {(project, name) for project, name in self._all(sql)}

    def keep_action_secret(self, name: str, token: str) -> None:
        """Keep a secret in its encrypted form."""
        with self._transaction():
            values = (name, token, self._now())
            self._con.execute("INSERT OR REPLACE INTO action_secrets VALUES (?, ?, ?)", values)

    def action_secrets(self) -> dict[str, str]:
        """The encrypted form of each secret by name."""
        return dict(self._all("SELECT name, token FROM action_secrets ORDER BY name"))

    def action_secrets_kept(self) -> dict[str, int]:
        """When (µs UTC) each secret was kept, by name."""
        return dict(self._all("SELECT name, set_at FROM action_secrets ORDER BY name"))
