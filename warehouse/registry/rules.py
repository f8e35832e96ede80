"""What the registry knows of rules: published tracking plans, privacy policies, suppressed people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database


class PublishedPlan(msgspec.Struct, frozen=True):
    """A tracking plan as it was published: `text` is JSON, `number` counts a project's plans from 1."""

    project: str
    number: int
    version: str
    text: str
    published_at: int
    published_by: str


class StoredPolicy(msgspec.Struct, frozen=True):
    """A privacy policy as it was set: `text` is JSON, `number` counts the versions of this name from 1."""

    name: str
    number: int
    text: str
    set_at: int
    set_by: str


class Rules(Database):
    """The part of the registry that holds rules."""

    # tracking plans

    def publish_plan(self, project: str, version: str, text: str, by: str) -> PublishedPlan:
        """Make this the project's plan from now on. The newest again changes nothing.

        RegistryError where an earlier plan of the project has this version and another text.
        """
        with self._changing_rules():
            newest = self.plan(project)
            if newest is not None and (newest.version, newest.text) == (version, text):
                return newest
            if self.plan(project, version) is not None:
                raise RegistryError(
                    f"project {project!r} has had a plan of version {version!r}; "
                    "give the new one a new version"
                )
            values = (project, newest.number + 1 if newest else 1, version, text, self._now(), by)
            self._con.execute("INSERT INTO plans VALUES (?, ?, ?, ?, ?, ?)", values)
        return PublishedPlan(*values)

    def plan(self, project: str, version: str | None = None) -> PublishedPlan | None:
        """The project's newest plan, or the one of a version; None where there is none."""
        chosen, values = ("", (project,)) if version is None else (" AND version = ?", (project, version))
        sql = f"SELECT * FROM plans WHERE project = ?{chosen} ORDER BY number DESC LIMIT 1"
        rows = self._all(sql, values)
        return PublishedPlan(*rows[0]) if rows else None

    def plans(self) -> list[PublishedPlan]:
        """Every plan that was ever published, by project, oldest first."""
        return [PublishedPlan(*row) for row in self._all("SELECT * FROM plans ORDER BY project, number")]

    # privacy policies

    def set_policy(self, name: str, text: str, by: str) -> StoredPolicy:
        """Make this the policy of that name from now on; the newest again changes nothing."""
        with self._changing_rules():
            newest = self.policy(name)
            if newest is not None and newest.text == text:
                return newest
            values = (name, newest.number + 1 if newest else 1, text, self._now(), by)
            self._con.execute("INSERT INTO policies VALUES (?, ?, ?, ?, ?)", values)
        return StoredPolicy(*values)

    def policy(self, name: str) -> StoredPolicy | None:
        """The newest policy of that name that was set; None where only a built-in one may have it."""
        rows = self._all("SELECT * FROM policies WHERE name = ? ORDER BY number DESC LIMIT 1", (name,))
        return StoredPolicy(*rows[0]) if rows else None

    def policies(self) -> list[StoredPolicy]:
        """The newest of every name."""
        names: Sequence[Any] = self._all("SELECT DISTINCT name FROM policies ORDER BY name")
        return [policy for (name,) in names if (policy := self.policy(name))]

    # suppressed people

    def suppress(self, project: str, digest: str) -> bool:
        """Keep out whoever has an id of this digest; False where that was so already."""
        with self._changing_rules():
            sql = "INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?)"
            return bool(self._con.execute(sql, (project, digest, self._now())).rowcount)

    def unsuppress(self, project: str, digest: str) -> bool:
        """Let this person's events in again; False where they were not kept out."""
        with self._changing_rules():
            sql = "DELETE FROM suppressions WHERE project = ? AND digest = ?"
            return bool(self._con.execute(sql, (project, digest)).rowcount)

    def suppressions(self) -> dict[str, frozenset[str]]:
        """The digests of suppressed ids by project."""
        found: dict[str, set[str]] = {}
        for project, digest in self._all("SELECT project, digest FROM suppressions"):
            found.setdefault(project, set()).add(digest)
        return {project: frozenset(digests) for project, digests in found.items()}
