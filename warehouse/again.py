"""One refused event judged again, by the rules that its write key has now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Raw

from sdk_contract.addresses import treat
from sdk_contract.bodies import inflate, unpack
from sdk_contract.dialects import Dialect, Parsed, Sent
from sdk_contract.dialects.known import BY_NAME
from sdk_contract.errors import Refused
from sdk_contract.judging import Judged, judge
from sdk_contract.plan import CompiledPlan
from sdk_contract.privacy.errors import BadToken, KeyGone
from sdk_contract.privacy.vault import Vault
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.protect import Kept, protect
from warehouse.refused import Refusal, is_sealed, opened
from warehouse.rules import KeyRules
from warehouse.segments import HOUR_US, Place, Record, RecordHead

BODY_LIMIT: Final = 10 << 20
KEY_GONE, NO_KEY = "key_gone", "unknown_key"


class Still(msgspec.Struct, frozen=True):
    """Events that stay refused, and what is wrong with them now."""

    code: str
    events: int = 1
    message_id: str | None = None
    pointer: str | None = None
    expected: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """A refusal judged again: the record to make rows of, None where nothing of it is valid now."""

    refusal: Refusal
    record: Record | None
    still: list[Still]


class Again:
    """`rules` are those of keys by number, `treated` the same for events whose personal data was treated.

    `vault` opens what was sealed, `event_limit` is bytes.
    """

    def __init__(
        self,
        rules: Mapping[int, KeyRules],
        treated: Mapping[int, KeyRules],
        vault: Callable[[], Vault],
        event_limit: int,
    ) -> None:
        self._rules, self._treated = rules, treated
        self._plans = {
            (of_key.key.project, of_key.rules.plan.version): of_key.rules.plan.plan
            for of_key in rules.values()
            if of_key.rules is not None and of_key.rules.plan is not None
        }
        self._vault, self._limit = vault, event_limit

    def plans(self, project: str, version: str) -> CompiledPlan | None:
        """The plan of this version, where a key is judged by it now."""
        found = self._plans.get((project, version))
        return found if isinstance(found, CompiledPlan) else None

    def judge(self, one: Refusal) -> Outcome:
        """Never raises: whatever fails of ours leaves the event where it is."""
        try:
            return self._judge(one)
        except KeyGone:
            return _stays(one, KEY_GONE)
        except Refused as refused:  # its detail may quote what was sealed
            return _stays(one, refused.reason.value)
        except (BadToken, msgspec.DecodeError):
            return _stays(one, one.reason or Reason.UNPROCESSED.value)
        except Exception:  # one event must not stop the others
            return _stays(one, Reason.UNPROCESSED.value)

    def _judge(self, one: Refusal) -> Outcome:
        as_sent = one.privacy is None or is_sealed(one.raw)
        of_key = (self._rules if as_sent else self._treated).get(one.key_no or 0)
        dialect = BY_NAME.get(one.dialect or "segment")
        if of_key is None or dialect is None:
            return _stays(one, NO_KEY if of_key is None else one.reason or "")
        kind = "batch" if one.kind is None or dialect.translate is not None else one.kind
        parsed = self._parsed(one, dialect, kind, of_key)
        judged = judge(parsed, kind, _batch_id(one), self._limit, of_key.rules, one.signals)
        still = [_still(one, judged, found) for found in judged.judgements if _is_refused(found)]
        if len(still) == len(parsed.events):
            return Outcome(one, None, still)
        return Outcome(one, self._record(one, dialect, kind, parsed, judged, of_key), still)

    def _parsed(self, one: Refusal, dialect: Dialect, kind: str, of_key: KeyRules) -> Parsed:
        raw = opened(one.raw, self._vault())
        if one.is_body:
            native = treat(_native(one, dialect, raw), of_key.key.ip_policy, self._vault())
            return dialect.parse(kind, native)
        if one.is_request:
            parsed = dialect.parse(kind, raw)
            if len(parsed.events) != one.events:
                raise Refused(Reason.UNPROCESSED, f"{len(parsed.events)} events instead of {one.events}")
            return parsed
        context = None if one.context is None else Raw(one.context.encode())
        return Parsed(None, _iso(one.sent_at), [Raw(raw)], context)

    def _record(
        self, one: Refusal, dialect: Dialect, kind: str, parsed: Parsed, judged: Judged, of_key: KeyRules
    ) -> Record:
        as_sent = Kept(dialect.write(kind, parsed), judged.judgements, parsed.sent_at)
        kept = protect(as_sent, dialect, kind, parsed, judged, of_key)
        rule = None if of_key.rules is None else of_key.rules.plan
        version = rule.version if rule is not None and rule.judges else None
        head = RecordHead(
            one.received_at, one.key_no or 0, one.key_id or "", one.project or "", dialect.name, kind,
            one.ip, one.user_agent, kept.sent_at, _batch_id(one), version,
            kept.judgements, Place(one.country, one.region, one.city), {}, one.visitor_id, one.signals,
            of_key.privacy or one.privacy,
        )  # fmt: skip
        hour = one.received_at // HOUR_US
        return Record(0, 0, head, kept.body, 0, len(parsed.events), head.key_no, hour)


def _native(one: Refusal, dialect: Dialect, body: bytes) -> bytes:
    if dialect.translate is None:
        return unpack(body, "", BODY_LIMIT)
    body = inflate(body, "", BODY_LIMIT)
    return dialect.translate(Sent(one.kind or "batch", b"", {}, body, BODY_LIMIT)).body


def _is_refused(found: Judgement) -> bool:
    return found.verdict in (Verdict.REJECTED, Verdict.FILTERED) or found.reason is Reason.UNPROCESSED


def _stays(one: Refusal, code: str) -> Outcome:
    return Outcome(one, None, [Still(code, one.events, one.message_id)])


def _still(one: Refusal, judged: Judged, found: Judgement) -> Still:
    """What is told of one event; nothing of what was sealed."""
    code = "" if found.reason is None else found.reason.value
    if is_sealed(one.raw):
        return Still(code, 1, one.message_id)
    name = judged.message_ids[found.index] if one.is_request else one.message_id
    return Still(code, 1, name, found.pointer, found.expected)


def _batch_id(one: Refusal) -> str:
    """What an event without an id is named after; of a sealed body the name it was given at the door."""
    if one.is_body and one.message_id:
        return one.message_id.rpartition("-")[0] or one.message_id
    return f"{one.segment_id}-{one.record}"


def _iso(moment: int | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat()
