"""The door's one look at an event of a project that has a plan: its shape and its properties together."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from sdk_contract.events import EVENT_LIMIT, ID_LIMIT, AnyObject, Id
from sdk_contract.plan.compiled import CompiledPlan
from sdk_contract.structure import MAX_DEPTH

_NOT_OPENERS: Final = bytes(set(range(256)) - set(b"{["))
_WITH_NAMES: Final = ("page", "screen")
_NO_OBJECT: Final = Raw(b"{}")


class _Context(Struct, gc=False):
    """Any context; a person's answers to questions of consent are for others to read."""

    consent: Raw | None = None


# The fields of `sdk_contract.events.Opened` once more: going through `open_event` was measurably slower.
class _Glanced(Struct, rename="camel", gc=False):
    """What SDKs send, as far as a look at it goes; objects that the plan is about stay as they are."""

    type: str | None = None
    message_id: Annotated[str, Meta(max_length=ID_LIMIT)] | None = None
    user_id: Id = None
    anonymous_id: Id = None
    group_id: Id = None
    previous_id: Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    properties: Raw = _NO_OBJECT
    traits: Raw = _NO_OBJECT
    context: _Context | None = None
    integrations: AnyObject | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None


_decode = msgspec.json.Decoder(_Glanced).decode


class Glance(Struct, frozen=True):
    """The look at events by one plan, as one key applies it."""

    plan: CompiledPlan

    def __call__(self, raw: Raw, limit: int = EVENT_LIMIT) -> str | None:
        """Gives the message id of an event of a sound body to which neither its shape nor the plan objects.

        None leaves that open: for `inspect` and `plan.check`, and for consent where the event has answers.
        """
        plan, text = self.plan, bytes(raw)
        if len(text) > limit or len(text.translate(None, _NOT_OPENERS)) > MAX_DEPTH:
            return None
        try:
            sent = _decode(text)
            if not (sent.anonymous_id or sent.user_id) or (sent.context and sent.context.consent):
                return None
            if sent.type == "track" and sent.event:
                planned, part, other = plan.tracks.get(sent.event), sent.properties, sent.traits
            elif sent.type == "identify":
                planned, part, other = plan.find("identify", None), sent.traits, sent.properties
            elif sent.type in _WITH_NAMES:
                planned, part, other = plan.find(sent.type, sent.name or None), sent.properties, sent.traits
            else:
                return None
            if other is not _NO_OBJECT:
                return None
            if planned is None:
                passes = plan.lets_pass(sent.type) and bytes(part).startswith(b"{")
                return sent.message_id or None if passes else None
            if planned.contexts or planned.rule.accepts is None:
                return None
            planned.rule.accepts(part)
        except msgspec.DecodeError:
            return None
        return sent.message_id or None
