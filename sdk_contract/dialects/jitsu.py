"""The Jitsu protocol: Segment's single events under addresses of its own, the write key in a header."""

from typing import Final

import msgspec

from sdk_contract.dialects import KEY_PREFIX, Answer, Headers, Outcome, Route, outcome_of
from sdk_contract.dialects.segment import SEGMENT, SINGLE
from sdk_contract.verdicts import Reason

_PATHS: Final = ("/api/s", "/api/s/s2s")


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key in X-Write-Key: the whole, or of `id:secret` the part that is one of ours.

    In the body the SDK hides a part of it.
    """
    sent = headers.get(b"x-write-key")
    if not sent:
        return body_key
    name, _, secret = sent.decode("latin-1").strip().partition(":")
    return secret if secret.startswith(KEY_PREFIX) else name


def refusal(reason: Reason, detail: str = "") -> Answer:
    """The native protocol's; no status makes the SDK send again, and 503 is what programs between do."""
    answer = SEGMENT.refusal(reason, detail)
    return msgspec.structs.replace(answer, status=503) if answer.status == 429 else answer


JITSU: Final = msgspec.structs.replace(
    SEGMENT,
    name="jitsu",
    routes=tuple(Route("POST", f"{path}/{kind}", kind) for path in _PATHS for kind in SINGLE),
    answers={Outcome.ACCEPTED: SEGMENT.answers[Outcome.ACCEPTED]}
    | {outcome_of(reason): refusal(reason) for reason in reversed(Reason) if reason.status != 200},
    resends=False,
    find_key=find_key,
    refusal=refusal,
    configs=(),
)
