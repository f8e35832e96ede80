"""The registry: write keys, settings, commands, audit and the door's counts, in one SQLite file that every
program opens.

Whoever wants the lake changed files a command here; the one writer of the lake obeys it. Times are µs UTC.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import msgspec

from sdk_contract.dialects import KEY_PREFIX
from warehouse.errors import RegistryError
from warehouse.registry import (
    action_places,
    actions,
    alerts,
    boards,
    cohorts,
    costs,
    decisions,
    destinations,
    erasures,
    imports,
    models,
    queries,
    reports,
    reveals,
    rules,
    sign_ons,
    tags,
)
from warehouse.registry.database import connect
from warehouse.registry.migrations import MIGRATIONS
from warehouse.segments import Tally

PRESETS = ("none", "standard", "strict")
IP_POLICIES = ("keep", "truncate", "hash", "drop")
PLAN_MODES = ("off", "warn", "enforce")
UNPLANNED = ("plan", "allow", "warn", "reject")

_KEY_COLUMNS = (
    "no, id, project, secret, name, created_at, revoked_at, ip_policy, plan_mode, unplanned, privacy, rate"
)
_KEY_CHOICES = {"ip_policy": IP_POLICIES, "plan_mode": PLAN_MODES, "unplanned": UNPLANNED}


class Key(msgspec.Struct, frozen=True):
    """A write key. `secret` is what SDKs send (public by nature); `id` names it everywhere else.

    `unplanned` says what becomes of events that the tracking plan does not know ("plan": what the plan says),
    `privacy` names the policy by which its events are treated, `rate` is its quota in events a second (None:
    the collector's setting, 0: no limit).
    """

    no: int
    id: str
    project: str
    secret: str
    name: str
    created_at: int
    revoked_at: int | None
    ip_policy: str = "truncate"
    plan_mode: str = "warn"
    unplanned: str = "plan"
    privacy: str = "none"
    rate: float | None = None


class Command(msgspec.Struct, frozen=True):
    """A wish for the writer of the lake. `state` is queued, running, done or failed."""

    id: int
    kind: str
    args: dict[str, Any]
    filed_by: str
    state: str
    result: dict[str, Any] | None
    created_at: int
    finished_at: int | None


class Registry(
    action_places.ActionPlaces,
    actions.Actions,
    alerts.Alerts,
    boards.Boards,
    cohorts.Cohorts,
    costs.Costs,
    decisions.Decisions,
    destinations.Destinations,
    erasures.Erasures,
    imports.Imports,
    models.Models,
    reports.Reports,
    rules.Rules,
    queries.SavedQueries,
    reveals.Reveals,
    sign_ons.SignOns,
    tags.Tags,
):
    """One connection to registry.sqlite; safe to share between the threads of a program."""

    @classmethod
    def open(cls, path: Path | str, *, now: Callable[[], int]) -> Registry:
        """Open or create the file.

        `now` gives µs UTC. RegistryError when it cannot be opened or is newer than this program.
        """
        registry = cls(connect(Path(path)), now)
        registry._migrate(Path(path))
        return registry

    # write keys

    def create_key(
        self,
        project: str,
        name: str = "",
        *,
        ip_policy: str = "truncate",
        plan_mode: str = "warn",
        unplanned: str = "plan",
        privacy: str = "none",
        rate: float | None = None,
        secret: str | None = None,
    ) -> Key:
        """A new write key for `project`.

        `secret` is made up unless given (1 to 200 visible ASCII characters).
        """
        rules = {
            "ip_policy": ip_policy,
            "plan_mode": plan_mode,
            "unplanned": unplanned,
            "privacy": privacy,
            "rate": rate,
        }
        self._check_rules(rules)
        _check_name("project", project)
        secret = (
            f"{KEY_PREFIX}{secrets.token_urlsafe(18)}" if secret is None else _check_name("secret", secret)
        )
        values = (f"k_{secrets.token_hex(6)}", project, secret, name, self._now(), *rules.values())
        columns = ", ".join(("id, project, secret, name, created_at", *rules))
        with self._changing_rules():
            try:
                sql = f"INSERT INTO keys ({columns}) VALUES ({', '.join('?' * len(values))})"
                no = self._con.execute(sql, values).lastrowid
            except sqlite3.IntegrityError:
                raise RegistryError(f"secret {secret!r} is in use by another key; give another one") from None
        return self._key("no", no)

    def keys(self) -> list[Key]:
        """Every key, revoked ones too, oldest first."""
        return [Key(*row) for row in self._all(f"SELECT {_KEY_COLUMNS} FROM keys ORDER BY no")]

    def change_key(self, id: str, **rules: str | float | None) -> Key:
        """Other rules for a key, from now on: `ip_policy`, `plan_mode`, `unplanned`, `privacy`, `rate`.

        RegistryError when there is no such key, rule or value.
        """
        key = self._key("id", id)
        self._check_rules(rules)
        with self._changing_rules():
            for rule, value in rules.items():
                self._con.execute(f"UPDATE keys SET {rule} = ? WHERE no = ?", (value, key.no))
        return self._key("id", id)

    def revoke_key(self, id: str) -> Key:
        """Refuse this key from now on; revoking again changes nothing.

        RegistryError when there is no such key.
        """
        key = self._key("id", id)
        with self._changing_rules():
            self._con.execute(
                "UPDATE keys SET revoked_at = ? WHERE no = ? AND revoked_at IS NULL", (self._now(), key.no)
            )
        return self._key("id", id)

    # commands

    def file_command(self, kind: str, args: dict[str, Any], by: str) -> int:
        """Queue a wish for the writer of the lake; returns its id."""
        values = (kind, json.dumps(args), by, self._now())
        sql = "INSERT INTO commands (kind, args, filed_by, state, created_at) VALUES (?, ?, ?, 'queued', ?)"
        with self._transaction():
            return int(self._con.execute(sql, values).lastrowid or 0)

    def next_command(self) -> Command | None:
        """The oldest unfinished command, marked running.

        One that a crash left running is handed out again: obey idempotently.
        """
        with self._transaction():
            row = self._con.execute(
                "SELECT id FROM commands WHERE state IN ('queued', 'running') ORDER BY id LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            self._con.execute("UPDATE commands SET state = 'running' WHERE id = ?", row)
        return self.command(row[0])

    def finish_command(self, id: int, state: str, result: dict[str, Any]) -> None:
        """Record what came of a command: `state` done or failed."""
        _check_choice("state", state, ("done", "failed"))
        values = (state, json.dumps(result), self._now(), id)
        with self._transaction():
            self._con.execute(
                "UPDATE commands SET state = ?, result = ?, finished_at = ? WHERE id = ?", values
            )

    def trim_command(self, id: int, name: str) -> None:
        """Forget one of the arguments of a command, once what it said is kept elsewhere."""
        with self._transaction():
            sql = "UPDATE commands SET args = json_remove(args, '$.' || ?) WHERE id = ?"
            self._con.execute(sql, (name, id))

    def command(self, id: int) -> Command:
        """One command by id. RegistryError when there is none."""
        found = self._commands("WHERE id = ?", (id,))
        if not found:
            raise RegistryError(f"there is no command {id}")
        return found[0]

    def commands(self, limit: int = 100) -> list[Command]:
        """The newest commands, newest first."""
        return self._commands("ORDER BY id DESC LIMIT ?", (limit,))

    # settings

    def setting(self, name: str, default: str | None = None) -> str | None:
        rows = self._all("SELECT value FROM settings WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        with self._transaction():
            self._con.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def secret_setting(self, name: str) -> str:
        """The secret of that name; a random one is made the first time anyone asks."""
        with self._transaction():
            self._con.execute(
                "INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, secrets.token_urlsafe(32))
            )
        return self.setting(name) or ""

    # what the door received

    def tally_segment(self, worker: str, segment_id: str, tally: Sequence[Tally]) -> bool:
        """Add a landed segment's counts to `received` and mark it trimmed, in one transaction.

        Segments of a worker are tallied in the order of their ids: one that is not after the worker's last
        changes nothing, and False is returned, so that a crash between tally and unlink counts nothing twice.
        """
        with self._transaction():
            last = self._con.execute("SELECT segment_id FROM trimmed WHERE worker = ?", (worker,)).fetchone()
            if last is not None and segment_id <= last[0]:
                return False
            self._con.executemany(
                "INSERT INTO received VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET events = events + excluded.events",
                [(entry.key_no, entry.hour, entry.events) for entry in tally],
            )
            self._con.execute("INSERT OR REPLACE INTO trimmed VALUES (?, ?)", (worker, segment_id))
        return True

    def received(self) -> list[tuple[int, int, int]]:
        """(key_no, hours since epoch, events) of all trimmed segments."""
        return [
            tuple(row) for row in self._all("SELECT key_no, hour, events FROM received ORDER BY key_no, hour")
        ]

    def trimmed(self) -> dict[str, str]:
        """The last trimmed segment of each worker."""
        return dict(self._all("SELECT worker, segment_id FROM trimmed"))

    def received_and_trimmed(self) -> tuple[list[tuple[int, int, int]], dict[str, str]]:
        """Both at one moment: what is in `received` is exactly the segments up to `trimmed`."""
        with self._transaction():
            return self.received(), self.trimmed()

    # plumbing

    def _check_rules(self, rules: Mapping[str, Any]) -> None:
        for rule, value in rules.items():
            if rule == "rate":
                _check_rate(value)
            elif rule != "privacy":
                _check_choice(rule, value, _KEY_CHOICES[rule])
            elif value not in PRESETS and self.policy(value) is None:
                known = sorted({*PRESETS, *(policy.name for policy in self.policies())})
                raise RegistryError(f"there is no privacy policy {value!r}; there is {', '.join(known)}")

    def _migrate(self, path: Path) -> None:
        with self._transaction():
            version: int = self._con.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise RegistryError(
                    f"{path} was written by a newer Sojourn (version {version}); upgrade this program"
                )
            for script in MIGRATIONS[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self._con.execute(statement)
            self._con.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            if self._con.execute("SELECT 1 FROM audit WHERE link IS NULL LIMIT 1").fetchone():
                self.link_audit()

    def _key(self, column: str, value: object) -> Key:
        rows = self._all(f"SELECT {_KEY_COLUMNS} FROM keys WHERE {column} = ?", (value,))
        if not rows:
            raise RegistryError(f"there is no key {value!r}; `sojourn key list` shows them")
        return Key(*rows[0])

    def _commands(self, tail: str, params: Sequence[Any]) -> list[Command]:
        columns = "id, kind, args, filed_by, state, result, created_at, finished_at"
        rows = self._all(f"SELECT {columns} FROM commands {tail}", params)
        return [
            Command(
                id,
                kind,
                json.loads(args),
                by,
                state,
                json.loads(result) if result else None,
                created,
                finished,
            )
            for id, kind, args, by, state, result, created, finished in rows
        ]


def _check_rate(value: float | None) -> None:
    if value is not None and not 0 <= value < inf:
        raise RegistryError(f"rate is {value!r}; it must be events a second, 0 (no limit) or absent")


def _check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise RegistryError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")


def _check_name(name: str, value: str) -> str:
    if not 0 < len(value) <= 200 or not value.isascii() or not value.isprintable() or " " in value:
        raise RegistryError(
            f"{name} is {value!r}; it must be 1 to 200 visible ASCII characters without blanks"
        )
    return value
