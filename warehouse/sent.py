"""An event as it was sent, after privacy treatment: from the journal, from landing, or put together again
from its row in the lake; and the line of curl that sends it once more.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sdk_contract.dialects.known import BY_NAME
from sdk_contract.errors import Refused
from warehouse.explain import furthest, journaled, waiting_rows
from warehouse.lake import Lake
from warehouse.landing import Store
from warehouse.refused import is_sealed
from warehouse.settings import Folders
from warehouse.statements import statement
from warehouse.times import iso_time

CALLS: Final = ("track", "page", "screen", "identify", "group", "alias")
_NAMES: Final = {
    "message_id": "messageId",
    "type": "type",
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "group_id": "groupId",
    "previous_id": "previousId",
    "category": "category",
}
_OBJECTS: Final = ("properties", "traits", "context", "integrations")
_LAST: Final = (1 << 63) - 1
_COLUMNS: Final = [*_NAMES, "event", "timestamp", *_OBJECTS, "extra", "raw"]


class Sent(msgspec.Struct, frozen=True):
    """JSON text, indented; None where it is sealed with the quarantine key. `place`: lake, landing or
    journal.
    """

    text: str | None
    place: str
    type: str | None


def sent(
    lake: Lake | None, store: Store, folders: Folders, message_id: str, load_seq: int | None = None
) -> Sent | None:
    """The event of this message id, or None where nothing is known of it. `load_seq`: of its row in
    `events`, where that is known, which is found with less reading.
    """
    return furthest(
        lambda: _in_lake(lake, message_id, load_seq) if lake else None,
        lambda: _in_landing(lake, store, message_id),
        lambda: _in_journal(folders, message_id),
    )


def _in_lake(lake: Lake, message_id: str, load_seq: int | None) -> Sent | None:
    first, last = (0, _LAST) if load_seq is None else (load_seq, load_seq)
    for name, values in (("stored", [message_id, first, last]), ("refused", [message_id])):
        for row in lake.records(statement(f"live/{name}"), values):
            return _of_row(row, "lake")
    return None


def curl(event: str, type: str | None, origin: str, key: str) -> str:
    """A line for a shell that sends the event again, as a new one: without the id by which it came before."""
    try:
        read = msgspec.json.decode(event, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return ""
    body = msgspec.json.encode({name: value for name, value in read.items() if name != "messageId"})
    path = f"/v1/{type}" if type in CALLS else "/v1/track"
    words = f"curl {shlex.quote(origin.rstrip('/') + path)} -u {key}: -H 'Content-Type: application/json'"
    return f"{words} \\\n  -d {shlex.quote(body.decode())}"


def _in_landing(lake: Lake | None, store: Store, message_id: str) -> Sent | None:
    for _, rows in waiting_rows(lake, store, message_id, _COLUMNS):
        for row in rows:
            return _of_row(row, "landing")
    return None


def _in_journal(folders: Folders, message_id: str) -> Sent | None:
    for _, _, record, index in journaled(folders, message_id):
        if record.head.sealed:
            return Sent(None, "journal", None)
        try:
            raw = bytes(BY_NAME[record.head.dialect].parse(record.head.kind, record.body).events[index])
        except (KeyError, IndexError, Refused):
            continue
        return Sent(_indented(raw.decode("utf-8", "replace")), "journal", _type(raw, record.head.kind))
    return None


def _of_row(row: Mapping[str, Any], place: str) -> Sent:
    raw = row.get("raw")
    if raw is not None:
        text = None if is_sealed(raw) else _indented(raw)
        return Sent(text, place, row["type"])
    event: dict[str, Any] = {said: row[name] for name, said in _NAMES.items() if row[name] is not None}
    if row["event"] is not None:
        event["event" if row["type"] == "track" else "name"] = row["event"]
    event["timestamp"] = iso_time(row["timestamp"])
    event |= {name: _raw(row[name]) for name in _OBJECTS if row[name] is not None}
    event |= _members(row["extra"])
    return Sent(_indented(msgspec.json.encode(event).decode()), place, row["type"])


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode("utf-8", "surrogatepass"))


def _members(text: str | None) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return {}


def _indented(text: str) -> str:
    """Without the write key, which may stand beside a single event; as it is where it is no JSON."""
    try:
        read = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
    read.pop("writeKey", None)
    return msgspec.json.format(msgspec.json.encode(read), indent=2).decode("utf-8", "replace")


def _type(raw: bytes, kind: str) -> str | None:
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    found = said.get("type") if isinstance(said, dict) else None
    return found if isinstance(found, str) else (kind if kind in CALLS else None)
