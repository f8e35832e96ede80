"""Segment's pixels: GET /v1/pixel/track?data=<base64 of one event>, for e-mails and pages without scripts."""

from collections.abc import Sequence
from typing import Final

import msgspec

from sdk_contract.dialects import Answer, Dialect, Outcome, Parsed, Route, Sent, Translated
from sdk_contract.dialects.forms import payload
from sdk_contract.dialects.segment import BATCH, SEGMENT, SINGLE
from sdk_contract.dialects.shaped import typed
from sdk_contract.dialects.translated import PIXEL as IMAGE
from sdk_contract.errors import Refused
from sdk_contract.queries import fields
from sdk_contract.verdicts import Judgement, Reason


def translate(sent: Sent) -> Translated:
    """Gives the one event; raises Refused(BAD_ENVELOPE)."""
    data = fields(sent.body).get(b"data")
    if data is None:
        raise Refused(Reason.BAD_ENVELOPE, "no data; the base64 of one event would do")
    parsed = SEGMENT.parse(sent.kind, payload(data, sent.limit))
    events = [typed(raw, sent.kind) for raw in parsed.events]
    return Translated(parsed.key, SEGMENT.write(BATCH, Parsed(None, parsed.sent_at, events)))


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """An image; nobody reads it."""
    return IMAGE


PIXEL: Final[Dialect] = msgspec.structs.replace(
    SEGMENT,
    name="pixel",
    routes=tuple(Route("GET", f"/v1/pixel/{kind}", kind) for kind in SINGLE),
    answers={**SEGMENT.answers, Outcome.ACCEPTED: IMAGE},
    resends=False,
    translate=translate,
    reply=reply,
    configs=(),
)
