"""A block of rows becomes a landing object: what is new is judged and protected as the door does it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sdk_contract.addresses import treat
from sdk_contract.dialects.known import BY_NAME
from sdk_contract.judging import Judged, judge
from sdk_contract.plan import CompiledPlan
from sdk_contract.verdicts import Verdict
from warehouse.imports.counts import Counts, Refused
from warehouse.imports.drafts import Draft, moment_of
from warehouse.imports.index import Entry, Known, message_id
from warehouse.imports.kinds import LIBRARY, Kind
from warehouse.imports.mapping import Mapping as Read
from warehouse.imports.orders import COUNTS, NEVER, States
from warehouse.imports.repeats import Repeats
from warehouse.protect import Kept, protect
from warehouse.rows import table_of, write_parquet
from warehouse.rules import KeyRules
from warehouse.segments import HOUR_US, Place, Record, RecordHead, Tally

_DIALECT: Final = BY_NAME["segment"]
_KIND: Final = "batch"
_REQUEST: Final = 1_000
_NAMED: Final = ("interactions", "orders")
REFUSED_TYPE: Final = "import"
"""Type of the events of rows that will not do: no rule of a key or plan can make them good."""
Sending = tuple[Draft, Entry]
_encode = msgspec.json.Encoder(order="sorted").encode


class Made(msgspec.Struct, frozen=True):
    """What became of a block: `parquet` is the landing object of `tally`, None where nothing is new."""

    number: int
    parquet: bytes | None
    tally: list[Tally]
    entries: list[Entry]
    counts: Counts


class Maker:
    """Makes landing objects of the drafts of one run.

    `said_by` is what the context of its events says of the import, `limit` bytes of one event.
    """

    def __init__(
        self, kind: Kind, of_key: KeyRules, said_by: dict[str, Any], limit: int, mapping: Read
    ) -> None:
        self._kind, self._key, self._limit = kind, of_key, limit
        self._context = {"library": {"name": LIBRARY}, "import": said_by}
        self._event = (mapping.event if kind.name in _NAMED else None) or kind.event or ""
        self._states = States(mapping.meanings()) if mapping.states else None
        rule = None if of_key.rules is None else of_key.rules.plan
        self._plan = rule

    def make(
        self,
        number: int,
        drafts: Sequence[Draft],
        known: Mapping[bytes, Known],
        repeats: Repeats,
        name: str,
        received_at: int,
    ) -> Made:
        """The object `name` (a segment id) of what is new in these drafts; `received_at` is µs UTC."""
        counts, sent = self._sort(drafts, known, repeats)
        records, entries = [], []
        for begin in range(0, len(sent), _REQUEST):
            some = sent[begin : begin + _REQUEST]
            record, taken = self._request(some, f"{name}-{begin // _REQUEST}", received_at, counts)
            records.append(record)
            entries += [
                (*entry[:3], self._step(draft, entry)[1] if ok else entry[3])
                for (draft, entry), ok in zip(some, taken, strict=True)
            ]
        if not records:
            return Made(number, None, [], [], counts)
        rows = table_of(records, name, received_at, self._plans)
        tally = [Tally(self._key.key.no, received_at // HOUR_US, len(sent))]
        return Made(number, write_parquet(rows, name, _source(sent)), tally, entries, counts)

    def _sort(
        self, drafts: Sequence[Draft], known: Mapping[bytes, Known], repeats: Repeats
    ) -> tuple[Counts, list[Sending]]:
        """What is new or changed, with its entry to come; the rest is only counted."""
        counts, sent, seen = Counts(rows=len(drafts)), [], dict[bytes, bytes]()
        for draft in drafts:
            before = known.get(draft.key)
            if draft.row in repeats.again or seen.get(draft.key) == draft.content:
                counts.repeated += 1
            elif before is not None and before.content == draft.content and self._agrees(draft, before):
                counts.unchanged += 1
            else:
                revision = 1 if before is None else before.revision + 1
                mark = NEVER if before is None else before.mark
                sent.append((draft, (draft.key, draft.content, revision, mark)))
                seen[draft.key] = draft.content
        return counts, sent

    def _request(
        self, some: Sequence[Sending], batch_id: str, received_at: int, counts: Counts
    ) -> tuple[Record, list[bool]]:
        """One request of the journal's kind, and which of its events are taken."""
        of_key, key = self._key, self._key.key
        body = treat(_body([self._body_of(*one) for one in some]), key.ip_policy, of_key.vault)
        parsed = _DIALECT.parse(_KIND, body)
        judged = _with_faults(judge(parsed, _KIND, batch_id, self._limit, of_key.rules), some)
        kept = Kept(body, judged.judgements, None)
        if of_key.policy is not None or (judged.judgements and of_key.rules is not None):
            kept = protect(kept, _DIALECT, _KIND, parsed, judged, of_key)
        version = self._plan.version if self._plan is not None and self._plan.judges else None
        head = RecordHead(
            received_at, key.no, key.id, key.project, _DIALECT.name, _KIND, None, None, None, batch_id,
            version, kept.judgements, Place(), {}, None, None, of_key.privacy,
        )  # fmt: skip
        hour = received_at // HOUR_US
        record = Record(0, 0, head, kept.body, 0, len(some), key.no, hour)
        return record, _counted(some, judged, counts)

    def _body_of(self, draft: Draft, entry: Entry) -> bytes:
        """The event as an SDK would send it."""
        event: dict[str, Any] = {"messageId": message_id(entry), "import": {"row": draft.row, "id": draft.id}}
        context = self._context
        if draft.fault is not None:
            cells = draft.said
            event |= {"type": REFUSED_TYPE, "event": self._kind.name, "cells": cells, "context": context}
            return _encode(event)
        said = dict(draft.said)
        name, _ = self._step(draft, entry)
        first = entry[3] == NEVER or (name == self._event and name != self._kind.changed)
        if ids := said.pop("ids", None):
            context = {**context, "traits": ids}
        event |= {"type": "identify", "context": context, **said}
        if self._kind.event is not None:
            event |= {"type": "track", "event": name}
            event["properties"] = self._properties(said["properties"], worth=name != self._kind.changed)
        if (moment := moment_of(self._kind, draft.said, first=first)) is not None:
            event["timestamp"] = moment
        return _encode(event)

    def _step(self, draft: Draft, entry: Entry) -> tuple[str, int]:
        """The name of a row's event, and how the row counts after it."""
        kind, properties = self._kind, draft.said.get("properties", {})
        if draft.fault is not None:
            return "", entry[3]
        if self._states is not None:
            name, mark = self._states.step(properties, entry[3])
            return (self._event if name == kind.event else name), mark
        if entry[3] != NEVER:
            return kind.changed or "", entry[3]
        if kind.name == "interactions":
            return str(properties.get("event") or self._event)[:200], COUNTS
        return self._event, COUNTS

    def _agrees(self, draft: Draft, before: Known) -> bool:
        if self._states is None or draft.fault is not None:
            return True
        return self._states.agree(draft.said["properties"], before.mark)

    def _properties(self, properties: dict[str, Any], *, worth: bool) -> dict[str, Any]:
        """A value counts once: what an order is worth later stands under another name."""
        field = self._kind.worth
        if worth or field is None or field not in properties:
            return properties
        return {("amount" if name == field else name): value for name, value in properties.items()}

    def _plans(self, _project: str, _version: str) -> CompiledPlan | None:
        found = None if self._plan is None else self._plan.plan
        return found if isinstance(found, CompiledPlan) else None


def _body(events: Sequence[bytes]) -> bytes:
    return b'{"batch":[' + b",".join(events) + b"]}"


def _with_faults(judged: Judged, some: Sequence[Sending]) -> Judged:
    """The judgements, where a row will not do those that say why."""
    faults = {at: draft.fault for at, (draft, _) in enumerate(some) if draft.fault is not None}
    if not faults:
        return judged
    kept = [one for one in judged.judgements if one.index not in faults or one.verdict is Verdict.FILTERED]
    told = {one.index for one in kept}
    ours = [fault.judge(at, Verdict.REJECTED) for at, fault in faults.items() if at not in told]
    judgements = sorted([*kept, *ours], key=lambda one: one.index)
    return msgspec.structs.replace(judged, judgements=judgements)


def _counted(some: Sequence[Sending], judged: Judged, counts: Counts) -> list[bool]:
    """Which events are taken, or kept out by choice; the others are counted as refused."""
    refused = {one.index: one for one in judged.judgements if one.verdict is Verdict.REJECTED}
    kept_out = {one.index for one in judged.judgements if one.verdict is Verdict.FILTERED}
    counts.filtered += len(kept_out)
    for at, one in refused.items():
        counts.refuse(Refused(some[at][0].row, str(one.reason), one.pointer, one.expected))
    for at, (_, entry) in enumerate(some):
        if at not in refused and at not in kept_out:
            counts.new += entry[2] == 1
            counts.changed += entry[2] > 1
    return [at not in refused for at in range(len(some))]


def _source(sent: Sequence[Sending]) -> str:
    """What the object was made from: its rows."""
    digest = hashlib.sha256()
    for draft, entry in sent:
        digest.update(b"%d %b %b" % (draft.row, entry[0], entry[1]))
    return digest.hexdigest()
