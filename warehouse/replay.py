"""Refused events judged again by the rules that hold now; what is valid goes into one landing object.

The object is created once, under a name made of the command, and loading it moves the events. So a command
that is obeyed twice, or was killed anywhere in between, moves each event once. What is refused again stays
where it is; a body that could not be read, or a request on which a fault of ours came up, moves as a whole
as soon as one of its events is valid.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from sdk_contract.verdicts import Reason, Verdict
from warehouse.again import Again, Outcome, Still
from warehouse.lake import Lake
from warehouse.landing import SCHEMA, Store, segment_of
from warehouse.refused import Wish, refusals
from warehouse.replayed import replay_key
from warehouse.rows import table_of, write_parquet


class Told(msgspec.Struct, frozen=True):
    """Events that stay refused for one reason, with one of them as an example."""

    code: str
    events: int
    message_id: str | None
    pointer: str | None
    expected: str | None


class Replayed(msgspec.Struct, frozen=True):
    """What came of a replay.

    `moved` counts events by the code for which they had been refused; `stored` and `duplicate` say what the
    lake made of them. `kept` is what stays. `after`: the last load_seq that was looked at, where more wait.
    """

    examined: int = 0
    moved: dict[str, int] = {}
    kept: list[Told] = []
    stored: int = 0
    duplicate: int = 0
    object: str | None = None
    after: int | None = None
    dry_run: bool = False


class Taker(Protocol):
    """The writer of the lake, as far as a replay needs it."""

    @property
    def lake(self) -> Lake: ...
    @property
    def store(self) -> Store: ...
    def take(self, key: str) -> dict[str, int]:
        """Load this object now, unless it is in; returns its rows by fate."""


def replay(
    writer: Taker,
    again: Again,
    wish: Wish,
    *,
    node: str,
    command: int,
    filed_at: int,
    now: Callable[[], int],
    dry_run: bool = False,
    limit: int,
) -> Replayed:
    """Do what a command asks, or what is left of it. `filed_at` and `now` are µs UTC."""
    key = replay_key(node, command, filed_at)
    made = not dry_run and writer.store.exists(key)
    if made:
        writer.take(key)
    rows, told = make(writer.lake, again, wish, _moment(writer.lake, now()), limit)
    if dry_run or (rows is None and not made):
        return msgspec.structs.replace(told, dry_run=dry_run)
    if not made:
        writer.store.put_new(key, write_parquet(rows, segment_of(key), _source(rows)))
    fates = writer.take(key)
    return msgspec.structs.replace(
        told,
        moved={wish.code or "several": sum(fates.values())} if made else told.moved,
        stored=fates["stored"],
        duplicate=fates["duplicate"],
        object=key,
    )


def make(lake: Lake, again: Again, wish: Wish, moment: int, limit: int) -> tuple[pa.Table | None, Replayed]:
    """Judge about `limit` refused rows again: the rows that may move, and what is to be told of all."""
    found = list(refusals(lake, wish, limit + 1))
    after = found[limit - 1].load_seq if len(found) > limit else None
    outcomes = [again.judge(one) for one in found[:limit]]
    valid = [outcome for outcome in outcomes if outcome.record is not None]
    rows, lost = _rows(valid, again) if valid else (None, set())
    kept = [still for outcome in outcomes if outcome.refusal.load_seq not in lost for still in outcome.still]
    kept += [_lost(outcome) for outcome in valid if outcome.refusal.load_seq in lost]
    told = Replayed(sum(one.events for one in found[:limit]), {}, _kept(kept), after=after)
    if rows is None or not rows.num_rows:
        return None, told
    moved = _moved(rows, valid)
    return _placed(rows, valid, moment), msgspec.structs.replace(told, moved=moved)


def _rows(valid: Sequence[Outcome], again: Again) -> tuple[pa.Table, set[int]]:
    """Rows of these outcomes, `record` counting the outcomes; and the load_seqs of those that gave none."""
    records = [outcome.record for outcome in valid if outcome.record is not None]
    rows = table_of(records, "replay", 0, again.plans)
    of = np.asarray(rows.column("record"))
    damaged = np.asarray(rows.column("verdict")) == Verdict.DAMAGED.value
    lost = np.unique(of[damaged])
    return rows.filter(pa.array(~np.isin(of, lost))), {valid[at].refusal.load_seq for at in lost}


def _moved(rows: pa.Table, valid: Sequence[Outcome]) -> dict[str, int]:
    """Events that are valid now, by the code for which they had been refused."""
    fine = np.isin(np.asarray(rows.column("verdict")), (Verdict.OK.value, Verdict.WARNING.value))
    return dict(Counter(valid[at].refusal.reason or "" for at in np.asarray(rows.column("record"))[fine]))


def _placed(rows: pa.Table, valid: Sequence[Outcome], moment: int) -> pa.Table:
    """The rows under the places and names that their events have always had."""
    of = [valid[at].refusal for at in np.asarray(rows.column("record"))]
    inside = [int(at) for at in np.asarray(rows.column("index"))]
    names = rows.column("message_id").to_pylist()
    values: dict[str, list[object]] = {
        "segment_id": [one.segment_id for one in of],
        "record": [one.record for one in of],
        "index": [at if one.is_whole else one.index for one, at in zip(of, inside, strict=True)],
        "message_id": [name if one.is_whole else one.message_id for one, name in zip(of, names, strict=True)],
        "replayed_at": [moment] * len(of),
        "uncounted": [one.uncounted or (one.is_body and at > 0) for one, at in zip(of, inside, strict=True)],
    }
    for name, column in values.items():
        field = SCHEMA.field(name)
        rows = rows.set_column(SCHEMA.get_field_index(name), field, pa.array(column, field.type))
    return rows


def _kept(stays: Sequence[Still]) -> list[Told]:
    counts: Counter[str] = Counter()
    examples: dict[str, Still] = {}
    for still in stays:
        counts[still.code] += still.events
        examples.setdefault(still.code, still)
    return [
        Told(code, events, examples[code].message_id, examples[code].pointer, examples[code].expected)
        for code, events in counts.most_common()
    ]


def _lost(outcome: Outcome) -> Still:
    return Still(Reason.UNPROCESSED.value, outcome.refusal.events, outcome.refusal.message_id)


def _moment(lake: Lake, now: int) -> int:
    """Later than any replay before, whatever the clock says."""
    ((newest,),) = lake.query("SELECT epoch_us(max(replayed_at)) FROM replays")
    return now if newest is None else max(now, int(newest) + 1)


def _source(rows: pa.Table) -> str:
    """What the object was made from: the places of its events."""
    digest = hashlib.sha256()
    for name in ("segment_id", "record", "index"):
        digest.update(repr(rows.column(name).to_pylist()).encode())
    return digest.hexdigest()
