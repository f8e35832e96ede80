"""What Mixpanel's SDKs are answered: `1`, or an object where they ask for more."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from sdk_contract.dialects import Answer, Outcome
from sdk_contract.dialects.translated import PIXEL
from sdk_contract.verdicts import Judgement, Reason, Verdict

VERBOSE: Final = "verbose"
PLAIN: Final = "plain"
IMPORTED: Final = "imported"
ACCEPTED: Final = Answer(200, b'{"status":1,"error":null}')
ONE: Final = Answer(200, b"1", b"text/plain")
_encode: Final = msgspec.json.Encoder().encode
# What a native event's fields are called in an import.
_FIELDS: Final = {
    "/messageId": "properties.$insert_id",
    "/timestamp": "properties.time",
    "/userId": "properties.distinct_id",
    "/anonymousId": "properties.distinct_id",
}


def _refused(status: int, error: str) -> Answer:
    """SDKs look at `status`, programs that import at `code`."""
    return Answer(status, _encode({"code": status, "status": 0, "error": error}))


_LATER: Final = _refused(503, "Try again later.")
# Python's SDK and that of pages drop what is answered 408; both send again what is answered 503.
ANSWERS: Final = {
    Outcome.ACCEPTED: ACCEPTED,
    Outcome.BAD_ENVELOPE: _refused(400, "The data is none of Mixpanel's forms."),
    Outcome.UNKNOWN_KEY: _refused(401, "There is no such token, or it is revoked."),
    Outcome.SLOW_BODY: _LATER,
    Outcome.TOO_LARGE: _refused(413, "The request is too large, or has too many events."),
    Outcome.OVER_QUOTA: _LATER,
    Outcome.OVERLOADED: _LATER,
    Outcome.BUSY: _LATER,
    Outcome.DRAINING: _LATER,
}


def reply(kind: str, query: bytes, message_ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """The answer that was asked for: a pixel, an object, `1`, or what became of an import."""
    if kind == IMPORTED:
        return _imported(b"strict=0" not in query.split(b"&"), message_ids, judgements)
    if b"img=1" in query.split(b"&"):
        return PIXEL
    return ACCEPTED if kind == VERBOSE else ONE


def _imported(strict: bool, message_ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """How many are kept; a strict import with others among them is a bad request that must not come again."""
    failed = [_failure(one, message_ids[one.index]) for one in judgements if one.verdict is Verdict.REJECTED]
    kept = len(message_ids) - len(failed)
    if not (strict and failed):
        return Answer(200, _encode({"code": 200, "num_records_imported": kept, "status": "OK"}))
    told = {"code": 400, "error": "some data points in the request failed validation"}
    told |= {"num_records_imported": kept, "status": "Bad Request", "failed_records": failed}
    return Answer(400, _encode(told))


def _failure(judged: Judgement, message_id: str) -> dict[str, Any]:
    pointer, reason = judged.pointer or "", judged.reason or Reason.BAD_VALUE
    wanted = f" Expected: {judged.expected}." if judged.expected else ""
    field = _FIELDS.get(pointer, pointer.strip("/").replace("/", "."))
    told = {"index": judged.index, "insert_id": message_id, "field": field}
    return {**told, "message": reason.text + wanted}
