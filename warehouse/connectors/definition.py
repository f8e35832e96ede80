"""A connection as a file of YAML says it: where rows are, which are new, and what they become.

kind: deals
cursor: updated_at
sql: {url: "postgresql+pg8000://reader:${CRM_PASSWORD}@db/crm", table: deals, schema: sales}
mapping:
  fields: {deal_id: id, stage: stage, updated_at: updated_at}
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Lookup
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from warehouse.connectors.errors import BadConnection
from warehouse.imports.mapping import Mapping

SHIPPED: Final = ("salesforce", "hubspot")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LIST: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\[\]\}")
CURSOR: Final = ("cursor", "cursor_ms")
"""The holes in which stands where to go on: as text, and as milliseconds since 1970."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a database; `url` as SQLAlchemy has it."""

    url: str
    table: str
    schema: str | None = None
    columns: tuple[str, ...] = ()


class Connection(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"shipped": "from", "given": "with"}
):
    """What a file says. `rest` is a configuration of dlt's rest_api with one resource; `shipped` names one
    that comes along, with what is `given` to it. `cursor`: the field whose greatest value says where to go
    on, which is `start` the first time.
    """

    kind: Literal["customers", "orders", "interactions", "items", "leads", "deals"]
    sql: Table | None = None
    rest: dict[str, Any] | None = None
    shipped: Literal["salesforce", "hubspot"] | None = None
    given: dict[str, str] = {}
    mapping: Mapping | None = None
    cursor: str | None = None
    start: str | int | None = None
    project: str | None = None
    key: str | None = None


class Opened(msgspec.Struct, frozen=True):
    """A connection with its name, and every value of the environment that it uses: they are never told."""

    name: str
    connection: Connection
    secrets: tuple[str, ...]

    def quiet(self, text: str) -> str:
        """A text without any secret."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def read_connection(path: Path, environment: Lookup[str, str]) -> Opened:
    """The connection of a file; `${NAME}` in it stands for a variable of the environment. BadConnection."""
    name = path.stem.lower()
    if not _NAME.fullmatch(name):
        raise BadConnection(f"{path.name}: letters, digits, _ and - would do as a name, 40 at most")
    try:
        said = msgspec.yaml.decode(path.read_bytes(), type=dict[str, Any])
        if isinstance(shipped := said.get("from"), str) and shipped in SHIPPED:
            said = _shipped(shipped, said)
        used: dict[str, str] = {}
        filled = fill(said, _Environment(environment, said.get("with") or {}, used))
        connection = msgspec.convert(filled, Connection)
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise BadConnection(f"connection {path}: {' '.join(str(error).split())[:300]}") from None
    if (connection.sql is None) == (connection.rest is None):
        raise BadConnection(f"connection {path}: one of sql, rest and from would do")
    return Opened(name, connection, tuple(used.values()))


def fill(value: Any, known: Lookup[str, str]) -> Any:
    """A value with its holes filled, wherever they stand; `${NAME[]}` is a list of what commas separate."""
    if isinstance(value, str):
        if several := _LIST.fullmatch(value):
            return [one.strip() for one in known[several[1]].split(",")]
        return _HOLE.sub(lambda hole: known[hole[1]], value)
    if isinstance(value, dict):
        return {name: fill(one, known) for name, one in value.items()}
    return [fill(one, known) for one in value] if isinstance(value, list) else value


class _Environment(dict[str, str]):
    """Fills holes from what is given to a shipped connection, else the environment; a cursor's stays."""

    def __init__(self, environment: Lookup[str, str], given: Lookup[str, str], used: dict[str, str]) -> None:
        super().__init__()
        self._environment, self._given, self._used = environment, given, used

    def __missing__(self, name: str) -> str:
        if name in CURSOR:
            return f"${{{name}}}"
        if name in self._given:
            return str(fill(str(self._given[name]), self))
        if name not in self._environment:
            raise ValueError(f"${{{name}}} is not set; the environment, or `with`, would do")
        self._used[name] = self._environment[name]
        return self._environment[name]


def _shipped(name: str, said: dict[str, Any]) -> dict[str, Any]:
    """A shipped configuration under what the file says itself."""
    text = (files("warehouse") / "connectors" / "shipped" / f"{name}.yaml").read_text("utf-8")
    shipped: dict[str, Any] = msgspec.yaml.decode(text)
    defaults = shipped.pop("defaults")
    return {**shipped, **said, "with": {**defaults, **(said.get("with") or {})}}
