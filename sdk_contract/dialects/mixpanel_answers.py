"""What Mixpanel's SDKs are answered: `1`, or an object where they ask for a verbose answer."""

from collections.abc import Sequence
from typing import Final

import msgspec

from sdk_contract.dialects import Answer, Outcome
from sdk_contract.dialects.translated import PIXEL
from sdk_contract.verdicts import Judgement

VERBOSE: Final = "verbose"
PLAIN: Final = "plain"
ACCEPTED: Final = Answer(200, b'{"status":1,"error":null}')
ONE: Final = Answer(200, b"1", b"text/plain")
_encode: Final = msgspec.json.Encoder().encode


def _refused(status: int, error: str) -> Answer:
    return Answer(status, _encode({"status": 0, "error": error}))


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
    """The answer that was asked for: a pixel, an object, or `1`."""
    if b"img=1" in query.split(b"&"):
        return PIXEL
    return ACCEPTED if kind == VERBOSE else ONE
