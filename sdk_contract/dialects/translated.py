"""What the foreign dialects share: the native event they write, and their tables."""

from collections.abc import Callable, Mapping, Sequence
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
from sdk_contract.verdicts import Judgement, Reason

Object: TypeAlias = dict[str, Any]
Reply: TypeAlias = Callable[[str, bytes, Sequence[str], Sequence[Judgement]], Answer]
encode: Final = msgspec.json.Encoder().encode
PIXEL: Final = Answer(
    200,
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
    b"image/gif",
    ((b"cache-control", b"no-store"),),
)


class Native(Struct, rename="camel", omit_defaults=True, gc=False):
    """One event of the native protocol, as a foreign one is written; what is None is left out.

    Ids are text or integers. `timestamp` and `original_timestamp` are RFC 3339 text, or a count of seconds or
    milliseconds since 1970, as the native protocol takes them.
    """

    type: str
    message_id: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    group_id: str | int | None = None
    previous_id: str | int | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: str | int | float | None = None
    sent_at: str | int | float | None = None
    properties: Object | Raw | None = None
    traits: Object | Raw | None = None
    context: Object | Raw | None = None


class _Batch(Struct, rename="camel", omit_defaults=True, gc=False):
    batch: Sequence[Native | Raw]
    sent_at: str | int | float | None = None


def batch(
    events: Sequence[Native | Raw], *, key: str | None = None, sent_at: str | int | float | None = None
) -> Translated:
    """A translated request; an event that could not be translated is its own JSON text as `Raw`."""
    return Translated(key, encode(_Batch(events, sent_at)))


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
