"""Rows as events that are not judged yet: who, what, when, and by which names they are known again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from sdk_contract.verdicts import Fault, Reason
from warehouse.imports.blocks import Bad, Block
from warehouse.imports.cells import Reader, reader
from warehouse.imports.dates import Dates, Unreadable
from warehouse.imports.kinds import Kind
from warehouse.imports.mapping import Mapping

_IDS: Final = ("crm_id", "email", "phone", "wechat_unionid", "wechat_openid", "uscc")
_PERSONS: Final = ("user_id", "anonymous_id", *_IDS)
_ANCHORS: Final = ("wechat_unionid", "wechat_openid", "email", "phone")
NOBODY: Final = "anonymous"
"""The device of rows that are nobody's: a word that identity joins with nothing."""
KEY_BYTES, CONTENT_BYTES = 16, 12
_encode = msgspec.json.Encoder(order="sorted").encode


class Draft(msgspec.Struct, gc=False):
    """What a row says. `key` names the row, `content` what it says, `said` is its part of the event; `fault`
    where it will not do, and then `said` holds the cells as they stand.
    """

    row: int
    id: str
    key: bytes
    content: bytes
    said: dict[str, Any]
    fault: Fault | None = None


class Drafter:
    """Makes drafts by a mapping. `secret` keeps the names of rows from being guessed."""

    def __init__(self, kind: Kind, mapping: Mapping, project: str, secret: str) -> None:
        self._kind, self._mapping = kind, mapping
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._place = f"{project}\x1f{mapping.source}\x1f{kind.name}\x1f"
        self._seed = mapping.digest().encode()
        self._ids = mapping.ids(kind)
        personal = {cell.column for name, cell in mapping.cells().items() if name in _ANCHORS}
        self._by_person = bool(personal.intersection(self._ids))
        self._dates = Dates(mapping.zone(), mapping.date_order)
        self._readers = {name: self._reader(name, cell.of) for name, cell in mapping.cells().items()}
        self._of_person = {name for name in mapping.fields if name in _PERSONS}
        self._times = set(kind.moments) | set(kind.later)

    def drafts(self, block: Block) -> list[Draft]:
        """A draft of every row of a block, in their order, and then of those that cannot be read."""
        cells = self._cells(block)
        raw = [block.columns.get(name) or [None] * len(block.rows) for name in self._ids]
        found = []
        for at, row in enumerate(block.rows):
            values = {name: column[at] for name, column in cells.items() if column[at] not in (None, "")}
            found.append(self._draft(row, [column[at] for column in raw], values, block, at))
        return found + [self._bad(one) for one in block.bad]

    def key(self, id: str) -> bytes:
        """The name under which a row is known again."""
        text = (self._place + id).encode()
        return hashlib.blake2b(text, digest_size=KEY_BYTES, key=self._secret).digest()

    def _cells(self, block: Block) -> dict[str, Sequence[Any]]:
        size = len(block.rows)
        found: dict[str, Sequence[Any]] = {}
        for name, cell in self._mapping.cells().items():
            if cell.column is None:
                found[name] = [cell.value] * size
            else:
                found[name] = block.columns.get(cell.column) or [None] * size
        return found

    def _draft(self, row: int, ids: list[Any], values: dict[str, Any], block: Block, at: int) -> Draft:
        name, read = "", dict[str, Any]()
        try:
            id = self._id_of(ids)
            for name, value in values.items():
                found = self._readers[name](value)
                if found not in (None, ""):
                    read[name] = found
            said = self._said(read)
        except Unreadable as bad:
            column = self._mapping.cells()[name].column if name else (*self._ids, "")[0]
            fault = Fault(bad.reason, f"/rows/{row}/{_step(column or name)}", bad.expected)
            return self._faulty(row, "\x1f".join(map(str, ids)), fault, _raw(block, at))
        content = self._hash(_encode(said))
        return Draft(row, self._shown(id, content), self.key(id or content.hex()), content, said)

    def _shown(self, id: str, content: bytes) -> str:
        """The id as events say it: none that is somebody's address or number, which nothing would treat."""
        if not id:
            return content.hex()
        return self.key(id).hex() if self._by_person else id

    def _id_of(self, ids: list[Any]) -> str:
        """What names the row; "" where rows are named by what they say."""
        texts = [str(one).strip() if one is not None else "" for one in ids]
        if not any(texts) and self._kind.needs_id:
            raise Unreadable(Reason.MISSING_FIELD, "an id that names the row")
        if len(text := "\x1f".join(texts)) > 500:
            raise Unreadable(Reason.BAD_VALUE, "an id of at most 500 letters")
        return text if any(texts) else ""

    def _said(self, read: dict[str, Any]) -> dict[str, Any]:
        """The parts of an event that the row's values are."""
        person = {name: read[name] for name in self._of_person if name in read}
        said = self._anchors(person)
        if self._kind.event is None:
            said["traits"] = {name: value for name, value in read.items() if name != "anonymous_id"}
            said["traits"].pop("user_id", None)
        else:
            said["properties"] = {name: value for name, value in read.items() if name not in person}
            if ids := {name: person[name] for name in _IDS if name in person}:
                said["ids"] = ids
        return said

    def _anchors(self, person: dict[str, Any]) -> dict[str, Any]:
        """`userId` and `anonymousId`: by which of its ids the row hangs together with others."""
        said: dict[str, Any] = {}
        if "user_id" in person:
            said["userId"] = str(person["user_id"])
        if "anonymous_id" in person:
            said["anonymousId"] = str(person["anonymous_id"])
        elif "crm_id" in person:
            said["anonymousId"] = f"crm:{person['crm_id']}"
        elif not said:
            said["anonymousId"] = self._anchor(person)
        return said

    def _anchor(self, person: dict[str, Any]) -> str:
        for name in _ANCHORS:
            if name in person:
                text = f"{name}\x1f{person[name]}".lower().encode()
                return f"import:{hashlib.blake2b(text, digest_size=KEY_BYTES, key=self._secret).hexdigest()}"
        if self._kind.needs_person:
            raise Unreadable(Reason.MISSING_FIELD, f"one of user_id, {', '.join(_IDS[:-1])}")
        return NOBODY

    def _faulty(self, row: int, id: str, fault: Fault, raw: dict[str, Any]) -> Draft:
        """A row that is refused keeps its cells, and is known again by them and the mapping alone."""
        content = self._hash(self._seed + _encode([raw, id]))
        shown = self._shown(id.strip("\x1f")[:500], content)
        return Draft(row, shown, self.key(f"\x1f{content.hex()}"), content, raw, fault)

    def contradicted(self, draft: Draft) -> Draft:
        """A row that a later row of its id contradicts."""
        fault = Fault(Reason.CONTRADICTED, f"/rows/{draft.row}", "one row of each id")
        return self._faulty(draft.row, draft.id, fault, draft.said)

    def _bad(self, bad: Bad) -> Draft:
        fault = Fault(Reason.BAD_ROW, f"/rows/{bad.row}", bad.expected)
        return self._faulty(bad.row, "", fault, {"row": bad.text[:4_000]})

    def _hash(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, digest_size=CONTENT_BYTES, key=self._secret).digest()

    def _reader(self, name: str, of: Any) -> Reader:
        field = self._kind.field(name)
        return reader(of or (field.of if field else "text"), self._dates)


def _raw(block: Block, at: int) -> dict[str, Any]:
    return {
        name: _plain(column[at]) for name, column in block.columns.items() if column[at] not in (None, "")
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)


def _step(name: str) -> str:
    """A name as a step of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def moment_of(kind: Kind, said: dict[str, Any], *, first: bool) -> str | None:
    """When what a row says happened, ISO 8601; None: when it was imported."""
    values = said.get("properties") or said.get("traits") or {}
    names: Iterable[str] = kind.moments if first else kind.later
    return next((values[name] for name in names if isinstance(values.get(name), str)), None)
