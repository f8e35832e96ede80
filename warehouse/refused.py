"""Refused events as the lake keeps them: chosen by what was wrong with them, counted, read one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sdk_contract.privacy import Vault
from warehouse.lake import Lake
from warehouse.times import iso_time

UNREADABLE = ("bad_envelope", "bad_compression")
_SEALED = "sj:seal:"
_LOST = "damaged-"


class Wish(msgspec.Struct, frozen=True):
    """Which refused events are meant; `since` is µs UTC by the time of receiving, `key` a key's id.

    `after` goes on after this load_seq. All None: every one.
    """

    code: str | None = None
    since: int | None = None
    event: str | None = None
    project: str | None = None
    key: str | None = None
    sdk: str | None = None
    after: int | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition on rows of `rejected`, and its parameters."""
        asked = {
            "reason = ?": self.code,
            "received_at >= make_timestamptz(?::BIGINT)": self.since,
            "event = ?": self.event,
            "project = ?": self.project,
            "key_id = ?": self.key,
            f"{_SDK} = ?": self.sdk,
            "load_seq > ?": self.after,
        }
        parts = [part for part, value in asked.items() if value is not None]
        return " AND ".join(["true", *parts]), [value for value in asked.values() if value is not None]


class Refusal(msgspec.Struct, frozen=True):
    """A row of `rejected`. Times are µs UTC; `uncounted`: it came out of a body that counted as one event."""

    load_seq: int
    project: str | None
    key_id: str | None
    key_no: int | None
    segment_id: str
    record: int
    index: int
    verdict: str
    reason: str | None
    message_id: str | None
    type: str | None
    received_at: int
    raw: str
    dialect: str | None
    kind: str | None
    privacy: str | None
    signals: str | None
    sent_at: int | None
    ip: str | None
    user_agent: str | None
    visitor_id: str | None
    country: str | None
    region: str | None
    city: str | None
    context: str | None
    uncounted: bool
    events: int

    @property
    def is_request(self) -> bool:
        """Whether `raw` is the body of a whole request on which a fault of ours came up."""
        lost = self.message_id is not None and self.message_id.startswith(_LOST)
        return self.verdict == "damaged" and self.type is None and lost

    @property
    def is_body(self) -> bool:
        """Whether `raw` is the body of a whole request that could not be read."""
        return self.reason in UNREADABLE

    @property
    def is_whole(self) -> bool:
        return self.is_request or self.is_body


def refusals(lake: Lake, wish: Wish, limit: int) -> Iterator[Refusal]:
    """The first rows in load order that could be judged again; of a request kept whole its first."""
    where, values = wish.where()
    return (Refusal(*row) for row in lake.query(_REFUSALS.format(where=where), [*values, limit]))


class Group(msgspec.Struct, frozen=True):
    """Refused events of one name, code and SDK version, with one as an example; times are ISO 8601, UTC."""

    event: str | None
    code: str | None
    verdict: str
    sdk: str | None
    count: int
    first: str
    last: str
    pointer: str | None
    expected: str | None
    plan_versions: list[str]


def summary(lake: Lake, wish: Wish) -> list[Group]:
    """All refused events by name, code and SDK version, the most frequent first."""
    where, values = wish.where()
    rows = lake.query(_SUMMARY.format(where=where), values)
    return [
        Group(event, code, verdict, sdk, count, iso_time(first), iso_time(last), *rest)
        for event, code, verdict, sdk, count, first, last, *rest in rows
    ]


def listed(lake: Lake, wish: Wish, limit: int) -> list[dict[str, Any]]:
    """Single rows without their bytes, the newest first."""
    where, values = wish.where()
    return lake.records(_LISTED.format(where=where), [*values, limit])


def whole(lake: Lake, id: str) -> list[dict[str, Any]]:
    """Every refused row of a message id, or the one of a load_seq, with all columns, the newest first."""
    number = int(id) if id.isascii() and id.isdecimal() and len(id) < 19 else None
    return lake.records(_WHOLE, [id, number])


def is_sealed(raw: str) -> bool:
    """Whether `raw` is a token that only the quarantine key opens."""
    return raw.startswith(_SEALED)


def opened(raw: str, vault: Vault) -> bytes:
    """The bytes of `raw`, unsealed where they are sealed; KeyGone where their key was forgotten."""
    if not is_sealed(raw):
        return raw.encode("utf-8", "surrogatepass")
    return vault.unseal(raw)


_SDK = "concat_ws(' ', library_name, library_version)"

# Of a request on which a fault of ours came up, the first row has the bytes of all.
_REFUSALS = """
    SELECT
        load_seq, project, key_id, key_no, segment_id, record, index, verdict, reason, message_id, type,
        epoch_us(received_at), raw, dialect, kind, privacy, signals, epoch_us(sent_at), ip, user_agent,
        visitor_id, country, region, city, context,
        (segment_id, record, index) IN (SELECT (segment_id, record, index) FROM replays WHERE uncounted),
        coalesce(requests.events, 1)
    FROM rejected
    LEFT JOIN (
        SELECT segment_id, record, count(*) AS events, 'damaged' AS verdict
        FROM rejected
        WHERE verdict = 'damaged' AND reason = 'unprocessed' AND type IS NULL
            AND starts_with(message_id, 'damaged-')
        GROUP BY segment_id, record
    ) AS requests USING (segment_id, record, verdict)
    WHERE (verdict = 'rejected' OR (verdict = 'damaged' AND reason = 'unprocessed'))
        AND raw IS NOT NULL AND {where}
    ORDER BY load_seq
    LIMIT ?"""

_SUMMARY = f"""
    SELECT
        event, reason, verdict, nullif({_SDK}, '') AS sdk, count(*) AS events, min(received_at),
        max(received_at), arg_max(pointer, load_seq), arg_max(expected, load_seq),
        coalesce(list_sort(list(DISTINCT plan_version) FILTER (plan_version IS NOT NULL)), [])
    FROM rejected
    WHERE {{where}}
    GROUP BY event, reason, verdict, sdk
    ORDER BY events DESC, event, reason, sdk"""

_LISTED = f"""
    SELECT
        load_seq, message_id, project, event, type, verdict, reason AS code, pointer, expected, plan_version,
        key_id, nullif({_SDK}, '') AS sdk, received_at
    FROM rejected
    WHERE {{where}}
    ORDER BY load_seq DESC
    LIMIT ?"""

_WHOLE = """
    SELECT * FROM rejected WHERE message_id = ? OR load_seq = ? ORDER BY load_seq DESC LIMIT 100"""
