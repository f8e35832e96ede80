"""Takes out of a judged request what must not be written: filtered events, personal data, what is unreadable.

Fails closed: an unexpected error here is for the caller to answer with 500, with nothing written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Dialect, Parsed
from sdk_contract.events import NEEDS, AnyObject
from sdk_contract.judging import Checks, Judged
from sdk_contract.privacy import Policy, Vault, protect_event, scrub, sealed_event
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.rules import KeyRules

Classes = Mapping[tuple[str, ...], str]
_UNREADABLE: Final = frozenset(
    {
        Reason.NOT_AN_OBJECT, Reason.BAD_VALUE, Reason.BAD_ENCODING, Reason.TOO_DEEP, Reason.EVENT_TOO_LARGE,
        Reason.UNPROCESSED,
    }
)  # fmt: skip
_HAVE_A_NAME: Final = ("page", "screen")
_NOTHING: Final[Classes] = {}


class Kept(msgspec.Struct, frozen=True, gc=False):
    """What is written of a request: its body, the judgements, and what its envelope says of the time."""

    body: bytes
    judgements: list[Judgement]
    sent_at: str | None


class _Called(msgspec.Struct, gc=False):
    """What tells which event of the plan this is; it must be of these types, or it cannot be told."""

    type: str | None = None
    event: str | None = None
    name: str | None = None
    properties: AnyObject | None = None
    traits: AnyObject | None = None


class _Wrapped(msgspec.Struct, gc=False):
    context: Raw


class _Stub(msgspec.Struct, gc=False):
    type: str
    message_id: str = msgspec.field(name="messageId")


_decode_called = msgspec.json.Decoder(_Called).decode
_decode_wrapped = msgspec.json.Decoder(_Wrapped).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def protect(
    kept: Kept, dialect: Dialect, kind: str, parsed: Parsed, judged: Judged, of_key: KeyRules
) -> Kept:
    """What may be written of a request; `kept` is the request as it came, `parsed` its body, split."""
    changed = _changed(kind, parsed, judged, of_key)
    body = kept.body if changed is None else dialect.write(kind, changed)
    policy, vault = of_key.policy, of_key.vault
    if policy is not None and vault is not None and policy.detects:
        body = scrub(body, policy, vault)
    judgements = [_without_person(one, of_key) for one in kept.judgements]
    return Kept(body, judgements, _scrubbed(kept.sent_at, of_key))


def _changed(kind: str, parsed: Parsed, judged: Judged, of_key: KeyRules) -> Parsed | None:
    """The request with its events as they may be written; None where that changes none of them."""
    plan = _planned(of_key)
    filtered = {one.index for one in judged.judgements if one.verdict is Verdict.FILTERED}
    if plan is None and not filtered:
        return None
    events, context = list(parsed.events), parsed.context
    if plan is not None:
        reasons = {one.index: one.reason for one in judged.judgements}
        events = [plan.event(raw, kind, reasons.get(index)) for index, raw in enumerate(events)]
        context = None if context is None else plan.context(context, parsed.events, kind)
    for index in filtered:
        events[index] = _stub(parsed.events[index], kind, judged.message_ids[index])
    context = None if len(filtered) == len(events) else context
    return msgspec.structs.replace(parsed, events=events, context=context)


def _planned(of_key: KeyRules) -> _Planned | None:
    rule = None if of_key.rules is None else of_key.rules.plan
    if rule is None or not rule.has_pii or of_key.policy is None or not of_key.policy.treats_planned:
        return None
    assert of_key.vault is not None
    return _Planned(rule.plan, of_key.policy, of_key.vault)


class _Planned:
    """Treats what the tracking plan calls personal."""

    def __init__(self, plan: Checks, policy: Policy, vault: Vault) -> None:
        self._plan, self._policy, self._vault = plan, policy, vault

    def event(self, raw: Raw, kind: str, reason: Reason | None) -> Raw:
        """One event treated; sealed where it cannot be told what in it is personal."""
        classes = None if reason in _UNREADABLE else self._classes(raw, kind)
        if classes is None:
            return Raw(sealed_event(bytes(raw), self._vault))
        return Raw(protect_event(bytes(raw), classes, self._policy, self._vault)) if classes else raw

    def context(self, context: Raw, events: list[Raw], kind: str) -> Raw | None:
        """The envelope's context treated for whatever its events are; None where it cannot be read."""
        if b"traits" not in bytes(context):
            return context
        classes: dict[tuple[str, ...], str] = {}
        for raw in events:
            classes |= self._classes(raw, kind) or _NOTHING
        wrapped = protect_event(b'{"context":%b}' % bytes(context), classes, self._policy, self._vault)
        try:
            return _decode_wrapped(wrapped).context
        except msgspec.DecodeError:
            return None

    def _classes(self, raw: Raw, kind: str) -> Classes | None:
        try:
            called = _decode_called(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        of_type = called.type or kind
        if of_type == "track" and not called.event:
            return None
        name = called.event if of_type == "track" else called.name if of_type in _HAVE_A_NAME else None
        return self._plan.pii(of_type, name) if of_type in NEEDS else None


def _stub(raw: Raw, kind: str, message_id: str) -> Raw:
    """What is kept of a filtered event."""
    return Raw(_encode(_Stub(_decode_called(raw).type or kind, message_id)))


def _without_person(judged: Judgement, of_key: KeyRules) -> Judgement:
    pointer, expected = _scrubbed(judged.pointer, of_key), _scrubbed(judged.expected, of_key)
    return msgspec.structs.replace(judged, pointer=pointer, expected=expected)


def _scrubbed(text: str | None, of_key: KeyRules) -> str | None:
    """A text that is written beside the body, treated like it."""
    policy, vault = of_key.policy, of_key.vault
    if not text or policy is None or vault is None or not policy.detects:
        return text
    return _decode_text(scrub(_encode(text), policy, vault))
