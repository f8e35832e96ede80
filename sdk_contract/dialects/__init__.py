"""What every wire protocol declares: its routes, its answers, and how its requests are read and answered."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec import Raw

from sdk_contract.canonical import Whole
from sdk_contract.verdicts import Judgement, Reason


class Outcome(StrEnum):
    """What can become of a whole request; a dialect has one answer for each."""

    ACCEPTED = "accepted"
    BAD_ENVELOPE = "bad_envelope"
    UNKNOWN_KEY = "unknown_key"
    SLOW_BODY = "slow_body"
    TOO_LARGE = "too_large"
    OVER_QUOTA = "over_quota"
    OVERLOADED = "overloaded"
    BUSY = "busy"
    DRAINING = "draining"


_OUTCOMES = {
    Reason.BAD_ENVELOPE: Outcome.BAD_ENVELOPE,
    Reason.BAD_COMPRESSION: Outcome.BAD_ENVELOPE,
    Reason.UNKNOWN_KEY: Outcome.UNKNOWN_KEY,
    Reason.SLOW_BODY: Outcome.SLOW_BODY,
    Reason.BODY_TOO_LARGE: Outcome.TOO_LARGE,
    Reason.TOO_MANY_EVENTS: Outcome.TOO_LARGE,
    Reason.OVER_QUOTA: Outcome.OVER_QUOTA,
    Reason.OVERLOADED: Outcome.OVERLOADED,
    Reason.BUSY: Outcome.BUSY,
    Reason.DRAINING: Outcome.DRAINING,
}


def outcome_of(reason: Reason) -> Outcome:
    """Gives the outcome of a request refused for this reason; KeyError for a reason of single events."""
    return _OUTCOMES[reason]


class Answer(msgspec.Struct, frozen=True):
    """One answer as it leaves: HTTP status, body, content type."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"


class Route(msgspec.Struct, frozen=True):
    """One address of a dialect. `path` has no slash at its end; `path` and `path/` are the same address."""

    method: str
    path: str
    kind: str


class Parsed(msgspec.Struct, frozen=True):
    """One request, split but not judged: one Raw an event.

    `key` is the write key in the body, `sent_at` the envelope's (or the single event's) time of sending as
    written, `context` the envelope's context (for events that have none). `sound`: the whole body is known to
    be UTF-8 and JSON without NUL escapes, so that its events need no second look for that.
    """

    key: str | None
    sent_at: str | None
    events: list[Raw]
    context: Raw | None = None
    sound: bool = False


class Read(msgspec.Struct, frozen=True):
    """One request whose events are all as SDKs send them, read in one go; the rest is as in `Parsed`."""

    events: list[Whole]
    sent_at: str | None
    context: Raw | None = None


class Dialect(msgspec.Struct, frozen=True):
    """One wire protocol as a table; the functions are pure.

    `find_key(headers, query, body_key)`: headers by lower-case name. `parse(kind, body)`: raises
    Refused(BAD_ENVELOPE). `read(kind, body)`: the same in one go, None where that does not do; its events are
    those of `parse`. `write(kind, parsed)`: a body that `parse` reads as this, without the write key.
    `reply(message_ids, judgements)`: the body of an accepted request, judgements only for events that are
    not plain ok. `refusal(reason, detail)`: the answer to a refused request.
    """

    name: str
    routes: tuple[Route, ...]
    answers: Mapping[Outcome, Answer]
    resends: bool
    find_key: Callable[[Mapping[bytes, bytes], bytes, str | None], str | None]
    parse: Callable[[str, bytes], Parsed]
    read: Callable[[str, bytes], Read | None]
    write: Callable[[str, Parsed], bytes]
    reply: Callable[[Sequence[str], Sequence[Judgement]], bytes]
    refusal: Callable[[Reason, str], Answer]
