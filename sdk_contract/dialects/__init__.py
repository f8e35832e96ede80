"""What every wire protocol declares: its routes, its answers, and how its requests are read and answered."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec
from msgspec import Raw

from sdk_contract.canonical import Whole
from sdk_contract.verdicts import Judgement, Reason

# How a write key begins that was not chosen by its owner.
KEY_PREFIX: Final = "wk_"


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
    """One answer as it leaves: HTTP status, body, content type, and headers of its own."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Route(msgspec.Struct, frozen=True):
    """One address of a dialect, POST or GET; `path` has no slash at its end, with one it is the same."""

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


Headers: TypeAlias = Mapping[bytes, bytes]


class Sent(msgspec.Struct, frozen=True):
    """One request in its sender's own protocol: the body without its Content-Encoding, at most `limit` bytes.

    Headers have lower-case names. What a GET has to say is all in its query.
    """

    kind: str
    query: bytes
    headers: Headers
    body: bytes
    limit: int


class Translated(msgspec.Struct, frozen=True):
    """The same request as a batch of the native protocol, and the write key that stood in its body.

    `anonymous`: its sender asks that neither its address nor a cookie is kept. `kind`: for the reply, where
    the body and not the address tells which it has to be.
    """

    key: str | None
    body: bytes
    anonymous: bool = False
    kind: str | None = None


class Visit(msgspec.Struct, frozen=True):
    """What an SDK asks before it sends: parts of the path by name, and the origin (scheme, host) it asked."""

    params: Mapping[str, str]
    query: bytes
    headers: Headers
    origin: str


class Config(msgspec.Struct, frozen=True):
    """An address that an SDK asks for its configuration; `{name}` in `path` is a part of any text."""

    method: str
    path: str
    answer: Callable[[Visit], Answer]


def anything(headers: Headers, body: bytes) -> bool:
    """The claim of a dialect that shares none of its addresses."""
    return True


class Dialect(msgspec.Struct, frozen=True):
    """One wire protocol as a table; the functions are pure.

    `find_key(headers, query, body_key)`: the write key. `translate(sent)`: a foreign request in the native
    protocol, in which it is kept from there on; raises Refused(BAD_ENVELOPE); None for a native one. An event
    that cannot be translated stays as it is, to be judged and kept as rejected. `claims(headers, body)`:
    whether a request to an address that several dialects have is of this one; the last of them takes what
    nobody claims. `parse(kind, body)`: raises Refused(BAD_ENVELOPE). `read(kind, body)`: the same in one go,
    None where that does not do; its events are those of `parse`. `write(kind, parsed)`: a body that `parse`
    reads as this, without the write key. `reply(kind, query, message_ids, judgements)`: the answer to an
    accepted request, judgements only for events that are not plain ok. `refusal(reason, detail)`: the answer
    to a refused request. `resends`: whether its SDKs send a request again that was not answered well.
    """

    name: str
    routes: tuple[Route, ...]
    answers: Mapping[Outcome, Answer]
    resends: bool
    find_key: Callable[[Headers, bytes, str | None], str | None]
    parse: Callable[[str, bytes], Parsed]
    read: Callable[[str, bytes], Read | None]
    write: Callable[[str, Parsed], bytes]
    reply: Callable[[str, bytes, Sequence[str], Sequence[Judgement]], Answer]
    refusal: Callable[[Reason, str], Answer]
    translate: Callable[[Sent], Translated] | None = None
    claims: Callable[[Headers, bytes], bool] = anything
    configs: tuple[Config, ...] = ()
