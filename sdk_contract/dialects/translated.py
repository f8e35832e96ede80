"""What the foreign dialects share: the native event they write, and their tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw, Struct

from sdk_contract.dialects import (
    Answer,
    Config,
    Dialect,
    Headers,
    Outcome,
    Route,
    Sent,
    Translated,
    anything,
    outcome_of,
)
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.structure import Broken, elements, members
from sdk_contract.verdicts import Judgement, Reason

Object: TypeAlias = dict[str, Any]
Members: TypeAlias = dict[str, Raw]
Time: TypeAlias = datetime | str | int | float | Raw | None
Reply: TypeAlias = Callable[[str, bytes, Sequence[str], Sequence[Judgement]], Answer]
encode: Final = msgspec.json.Encoder().encode
_decode_list: Final = msgspec.json.Decoder(list[Raw]).decode
_decode_one: Final = msgspec.json.Decoder(Raw).decode
ABSENT: Final = (b"", b"null", b'""')
_LONGEST_ABSENT: Final = 4
PIXEL: Final = Answer(
    200,
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    b"image/gif",
    ((b"cache-control", b"no-store"),),
)


class Native(Struct, rename="camel", omit_defaults=True, gc=False):
    """One event of the native protocol, as a foreign one is written; what is None is left out.

    Ids are text or integers. Times are datetimes, RFC 3339 text (see `moment`), or a count of seconds or
    milliseconds since 1970, which is read more slowly. A `Raw` is what was sent, whatever that is: it is
    judged later.
    """

    type: str
    message_id: str | Raw | None = None
    user_id: str | int | Raw | None = None
    anonymous_id: str | int | Raw | None = None
    group_id: str | int | Raw | None = None
    previous_id: str | int | Raw | None = None
    event: str | Raw | None = None
    name: str | Raw | None = None
    category: str | Raw | None = None
    timestamp: Time = None
    sent_at: Time = None
    properties: Object | Struct | Raw | None = None
    traits: Object | Struct | Raw | None = None
    context: Object | Struct | Raw | None = None


class _Batch(Struct, rename="camel", omit_defaults=True, gc=False):
    batch: Sequence[Native | Raw]
    sent_at: Time = None


def batch(
    events: Sequence[Native | Raw], *, key: str | None = None, sent_at: Time = None, kind: str | None = None
) -> Translated:
    """A translated request; an event that could not be translated is its own JSON text as `Raw`."""
    return Translated(key, encode(_Batch(events, sent_at)), kind=kind)


def split(body: bytes) -> list[Raw]:
    """The events of a JSON list, or the one event that the body is; Refused(BAD_ENVELOPE) for neither.

    What is no proper JSON is split all the same as long as the ends of its events can be found.
    """
    is_list = body.lstrip()[:1] == b"["
    try:
        return _decode_list(body) if is_list else [_decode_one(body)]
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        if is_list:
            return [Raw(event) for event in elements(body)]
        members(body)
    except Broken:
        raise Refused(Reason.BAD_ENVELOPE, "the body does not end; [events] or one event would do") from None
    return [Raw(body)]


def each(events: Iterable[Raw], turn: Callable[[Raw], Native | Raw]) -> list[Native | Raw]:
    """Translates each event for itself; one that cannot be read stays as it is, and will be rejected."""
    found: list[Native | Raw] = []
    for event in events:
        try:
            found.append(turn(event))
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            found.append(event)
    return found


def present(raw: Raw | None) -> Raw | None:
    """The value of a member that is there; null and "" count as absent."""
    return None if raw is None or (len(raw) <= _LONGEST_ABSENT and bytes(raw) in ABSENT) else raw


def moment(ms: int) -> str | int:
    """RFC 3339 text of milliseconds since 1970; a count beyond the calendar stays one."""
    second, rest = divmod(ms, 1000)
    try:
        return f"{_second(second)}.{rest:03d}Z"
    except (ValueError, OverflowError, OSError):
        return ms


@lru_cache(maxsize=4096)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def hashed(event: bytes | Object) -> str:
    """A message id for an event that was sent without one by an SDK that sends it again unchanged."""
    text = event if isinstance(event, bytes) else encode(event)
    return "h-" + blake2b(text, digest_size=16).hexdigest()


def foreign(
    name: str,
    routes: tuple[Route, ...],
    *,
    answers: Mapping[Outcome, Answer],
    resends: bool,
    find_key: Callable[[Headers, bytes, str | None], str | None],
    translate: Callable[[Sent], Translated],
    reply: Reply | None = None,
    claims: Callable[[Headers, bytes], bool] = anything,
    configs: tuple[Config, ...] = (),
) -> Dialect:
    """A dialect whose requests are kept in the native protocol; `answers` has one for each outcome.

    `reply`: where the answer to an accepted request is not always the same.
    """
    missing = [outcome.value for outcome in Outcome if outcome not in answers]
    if missing:
        raise ValueError(f"{name}: no answer for {', '.join(missing)}")

    def accepted(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
        return answers[Outcome.ACCEPTED]

    def refusal(reason: Reason, detail: str = "") -> Answer:
        return answers[outcome_of(reason)]

    return Dialect(
        name, routes, answers, resends, find_key, SEGMENT.parse, SEGMENT.read, SEGMENT.write,
        reply or accepted, refusal, translate, claims, configs,
    )  # fmt: skip
