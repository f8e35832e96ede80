"""The door's one look at an event of a project that has a plan: its shape and its properties together."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from sdk_contract.events import EVENT_LIMIT, open_event
from sdk_contract.plan.compiled import CompiledPlan


class Glance(Struct, frozen=True):
    """The look at events by one plan, as one key applies it."""

    plan: CompiledPlan

    def __call__(self, raw: Raw, limit: int = EVENT_LIMIT) -> str | None:
        """Gives the message id of an event of a sound body to which neither its shape nor the plan objects.

        None leaves that open: for `inspect` and `plan.check`, and for consent where the event has answers.
        """
        sent: Any = open_event(raw, limit)
        if sent is None or (sent.context is not None and sent.context.consent):
            return None
        plan, of_type, part = self.plan, sent.type, sent.properties
        if of_type == "track":
            planned = plan.tracks.get(sent.event)
        elif of_type == "identify":
            planned, part = plan.find("identify", None), sent.traits
        else:
            planned = plan.find(of_type, sent.name or None)
        if planned is None:
            return sent.message_id if plan.lets_pass(of_type) else None
        if planned.contexts or planned.rule.accepts is None:
            return None
        try:
            planned.rule.accepts(part or b"{}")
        except msgspec.DecodeError:
            return None
        return sent.message_id  # type: ignore[no-any-return]
