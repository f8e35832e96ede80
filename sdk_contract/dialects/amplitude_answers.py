"""What Amplitude's SDKs are answered: the `code` of the body decides, not the status."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sdk_contract.dialects import Answer, Outcome
from sdk_contract.verdicts import Judgement, Verdict

_encode: Final = msgspec.json.Encoder().encode


def _answer(code: int, error: str, **more: Any) -> Answer:
    return Answer(code, _encode({"code": code, "error": error, **more}))


_LATER: Final = _answer(503, "Try again later")
# A 400 that names neither a missing field nor events is sent again a dozen times.
ANSWERS: Final = {
    Outcome.ACCEPTED: Answer(200, b'{"code":200,"events_ingested":0}'),
    Outcome.BAD_ENVELOPE: _answer(400, "Request missing required field", missing_field="events"),
    Outcome.UNKNOWN_KEY: Answer(
        401, _encode({"code": 400, "error": "Invalid API key: there is no such write key, or it is revoked"})
    ),
    Outcome.SLOW_BODY: _answer(408, "The body did not arrive in time"),
    Outcome.TOO_LARGE: _answer(413, "Payload too large"),
    Outcome.OVER_QUOTA: _answer(429, "Too many requests"),
    Outcome.OVERLOADED: _LATER,
    Outcome.BUSY: _LATER,
    Outcome.DRAINING: _LATER,
}


def reply(kind: str, query: bytes, message_ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """All taken, or which events are to be dropped: the SDK sends the rest once more, which counts once."""
    refused = [judged for judged in judgements if judged.verdict is Verdict.REJECTED]
    if not refused:
        return Answer(200, b'{"code":200,"events_ingested":%d}' % len(message_ids))
    fields: dict[str, list[int]] = {}
    for judged in refused:
        reason = judged.reason.value if judged.reason else ""
        fields.setdefault((judged.pointer or "").strip("/") or reason, []).append(judged.index)
    return _answer(400, "Request has events that cannot be taken", events_with_invalid_fields=fields)
