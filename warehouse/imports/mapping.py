"""Which column is which field, as a file of YAML says it.

source: crm
id: 客户编号
time_zone: Asia/Shanghai
date_order: dmy
fields:
  crm_id: 客户编号
  level: {column: 等级, as: number}
  region: {value: 华东}
states: {completed: [已支付, 已完成], cancelled: 已取消, refunded: 已退款}
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from warehouse.imports.errors import BadImport
from warehouse.imports.kinds import Kind, Of
from warehouse.imports.orders import bare

_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_SOURCE: Final = re.compile(r"[\w][\w.-]{0,39}")
_FIELD: Final = re.compile(r"[\w$][\w $.-]{0,99}")


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"of": "as"}, omit_defaults=True):
    """A field's column, or its value for all rows; `of` where that is not what the field is anyway."""

    column: str | None = None
    value: str | int | float | bool | None = None
    of: Of | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the rows of a file are read. `source` names the system they are of; `id` the columns that name a
    row, where its own field does not; `event` what an interaction is called that does not say it, or an order
    that counts; `states` which texts of an order's `status` mean that it counts, or does not any more.
    """

    fields: dict[_Name, _Name | Cell]
    source: str = "crm"
    id: tuple[_Name, ...] | _Name = ()
    event: str | None = None
    time_zone: str | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    states: dict[Literal["completed", "cancelled", "refunded"], tuple[_Name, ...] | _Name] = {}

    def cells(self) -> dict[str, Cell]:
        """The fields with their cells."""
        return {name: Cell(one) if isinstance(one, str) else one for name, one in self.fields.items()}

    def ids(self, kind: Kind) -> tuple[str, ...]:
        """The columns that name a row; none where rows are named by what they say."""
        if self.id:
            return (self.id,) if isinstance(self.id, str) else self.id
        own = self.cells().get(kind.id)
        return (own.column,) if own is not None and own.column is not None else ()

    def meanings(self) -> dict[str, str]:
        """What each text of an order's status means."""
        every = {one: (said,) if isinstance(said, str) else said for one, said in self.states.items()}
        return {bare(text): one for one, said in every.items() for text in said}

    def columns(self, kind: Kind) -> set[str]:
        """Every column that is read."""
        return {one.column for one in self.cells().values() if one.column} | set(self.ids(kind))

    def zone(self) -> ZoneInfo | None:
        """The zone of times that name none. BadImport for a name of no zone."""
        try:
            return None if self.time_zone is None else ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadImport(f"time zone {self.time_zone!r} is none; Asia/Shanghai or UTC would do") from None

    def digest(self) -> str:
        """Equal mappings, equal digests."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:32]


def read_mapping(path: Path) -> Mapping:
    """The mapping of a YAML file. BadImport names the file, the place in it and what would do."""
    try:
        return mapping_of(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadImport(f"cannot read the mapping {path}: {error}; a YAML file in UTF-8 would do") from None
    except BadImport as error:
        raise BadImport(f"mapping {path}: {error}") from None


def mapping_of(text: str) -> Mapping:
    """The mapping of a YAML text. BadImport."""
    try:
        return msgspec.yaml.decode(text.encode(), type=Mapping)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadImport(" ".join(str(error).split())[:300]) from None


def check_mapping(mapping: Mapping, kind: Kind, columns: list[str]) -> None:
    """BadImport where a mapping does not fit a kind or the columns of a file."""
    if not _SOURCE.fullmatch(mapping.source):
        raise BadImport(f"source {mapping.source[:40]!r}: letters, digits, _ . and - would do, 40 at most")
    for name, cell in mapping.cells().items():
        if not _FIELD.fullmatch(name):
            raise BadImport(
                f"field {name[:60]!r}: letters, digits, blanks, _ $ . and - would do, 100 at most"
            )
        if (cell.column is None) == (cell.value is None):
            raise BadImport(f"field {name!r} needs either a column or a value")
    if missing := sorted(mapping.columns(kind) - set(columns)):
        raise BadImport(f"there is no column {missing[0]!r}; there is {_listed(columns)}")
    if kind.needs_id and not mapping.ids(kind):
        raise BadImport(
            f"nothing names a row of {kind.name}: `{kind.id}: <column>` in the mapping's fields, or `id:`, "
            f"would do; there is {_listed(columns)}"
        )
    if kind.needs_person and not PERSONAL & mapping.fields.keys():
        raise BadImport(
            f"nothing says whose a row of {kind.name} is: one of {', '.join(sorted(PERSONAL))} would do "
            "in the mapping's fields"
        )
    mapping.zone()
    _check_states(mapping, kind)


def _check_states(mapping: Mapping, kind: Kind) -> None:
    if not mapping.states:
        return
    if kind.name != "orders" or "status" not in mapping.fields:
        raise BadImport("states: they are of orders alone, and `status: <column>` has to be among the fields")
    if not mapping.states.get("completed"):
        raise BadImport("states: nothing is `completed`; `completed: [paid, shipped]` would do")
    said = [
        bare(one) for some in mapping.states.values() for one in ((some,) if isinstance(some, str) else some)
    ]
    if twice := [one for one in said if said.count(one) > 1]:
        raise BadImport(f"states: {twice[0]!r} stands there twice; one meaning of each would do")


PERSONAL: Final = frozenset(("user_id", "crm_id", "email", "phone", "wechat_unionid", "wechat_openid"))
"""The fields by which a row can be a person's."""


def _listed(columns: list[str]) -> str:
    return ", ".join(map(repr, columns[:12])) + (" …" if len(columns) > 12 else "")
