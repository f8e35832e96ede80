"""`garbled`: spoilt requests of each protocol; each is refused or read, and no good event pays for it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final

import msgspec

from loadtest import hostile
from loadtest.utterances import Utterances
from sdk_contract.dialects import Sent, Translated
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.judging import judge
from sdk_contract.verdicts import Verdict

EVENT_LIMIT: Final = 32 * 1024
_BATCH: Final = "batch"
_FOUND: Final = 5
_NAMES: Final = (
    b"authorization",
    b"x-write-key",
    b"user-agent",
    b"posthog-sdk-info",
    b"anonymousid",
    b"referer",
)
_VALUES: Final = (
    b"",
    b"Basic",
    b"Basic ====",
    b"Bearer \xff",
    b":",
    b"a:b:c",
    b"\xff\x00",
    b"1",
    b"posthog/",
)


class Garbled(msgspec.Struct, frozen=True, omit_defaults=True):
    """One protocol. `faults` are errors that are no refusal, `lost` good events changed by a spoilt one.

    `events`: those that were read, `rejected` of them; `found`: the first faults, as they can be made again.
    """

    dialect: str
    cases: int
    refused: int
    events: int
    rejected: int
    faults: int
    lost: int
    found: tuple[str, ...] = ()


def garbled(known: Utterances, cases: int, seed: int) -> Garbled:
    """Spoils the requests of one protocol `cases` times; a case is a function of `seed` and its number."""
    counts: Counter[str] = Counter()
    found: list[str] = []
    kinds = [one for one in KINDS if known.wrap is not None or one not in _OF_BATCHES]
    for number in range(cases):
        dice = Random(f"{seed}/{known.dialect.name}/{number}")
        kind = dice.choice(kinds)
        try:
            counts += kind(known, dice)
        except Exception as error:  # whatever it is, it would have been an answer 500
            counts["faults"] += 1
            found.append(f"{kind.__name__} {seed}/{number}: {error!r}"[:300])
    names = ("refused", "events", "rejected", "faults", "lost")
    of_names = {name: counts[name] for name in names}
    return Garbled(known.dialect.name, cases, **of_names, found=tuple(found[:_FOUND]))


def together(every: Sequence[Garbled]) -> Garbled:
    """The sums of all."""
    names = ("cases", "refused", "events", "rejected", "faults", "lost")
    sums = {name: sum(getattr(one, name) for one in every) for name in names}
    return Garbled("all", **sums)


def flipped(known: Utterances, dice: Random) -> Counter[str]:
    """A request, a few of its bytes changed."""
    sent = dice.choice(known.requests)
    return _taken(known, msgspec.structs.replace(sent, body=hostile.flipped(dice, sent.body)))


def spliced(known: Utterances, dice: Random) -> Counter[str]:
    """The beginning of one request and the end of another."""
    sent = dice.choice(known.requests)
    body = hostile.spliced(dice, [one.body for one in known.requests])
    return _taken(known, msgspec.structs.replace(sent, body=body))


def addressed(known: Utterances, dice: Random) -> Counter[str]:
    """A sound request with an odd query and odd headers."""
    sent = dice.choice(known.requests)
    query = hostile.flipped(dice, b"token=wk_1&project=p&appId=a&strict=1&verbose=1&upload_timestamp=5")
    headers = {name: dice.choice(_VALUES) for name in dice.sample(_NAMES, 3)}
    return _taken(known, msgspec.structs.replace(sent, query=query, headers=headers))


def within(known: Utterances, dice: Random) -> Counter[str]:
    """A batch, one of whose events had bytes changed before they were put into a form."""
    events = [*known.events]
    events[dice.randrange(len(events))] = hostile.flipped(dice, dice.choice(known.events))
    return _taken(known, known.batch(events))


def neighbours(known: Utterances, dice: Random) -> Counter[str]:
    """An event that closes, but is odd, between good ones: those become what they do without it."""
    at = dice.randrange(len(known.events))
    odd = dice.choice(hostile.CLOSED)(dice) if dice.random() < 0.3 else _odd(dice, known.events[at])
    events = [*known.events]
    events[at] = odd
    counts = _taken(known, known.batch(events))
    good, beside = _native(known, known.events), _native(known, events)
    if len(good) != len(beside):
        counts["lost"] += len(good) - 1
    else:
        pairs = zip(good, beside, strict=True)
        counts["lost"] += sum(one != two for index, (one, two) in enumerate(pairs) if index != at)
    return counts


KINDS: Final[tuple[Callable[[Utterances, Random], Counter[str]], ...]] = (
    flipped, flipped, spliced, addressed, within, neighbours, neighbours
)  # fmt: skip
_OF_BATCHES: Final = (within, neighbours)


def _native(known: Utterances, events: Sequence[bytes]) -> list[bytes]:
    body = _translated(known, known.batch(events)).body
    return [bytes(event) for event in SEGMENT.parse(_BATCH, body).events]


def _translated(known: Utterances, sent: Sent) -> Translated:
    translate = known.dialect.translate
    if translate is not None:
        return translate(sent)
    kind = sent.kind
    parsed = known.dialect.parse(kind, sent.body)
    return Translated(parsed.key, known.dialect.write(kind, parsed), kind=kind)


def _taken(known: Utterances, sent: Sent) -> Counter[str]:
    """What the door does with a request, from its address to its answer."""
    dialect = known.dialect
    dialect.claims(sent.headers, sent.body)
    try:
        found = _translated(known, sent)
    except Refused as refused:
        dialect.refusal(refused.reason, refused.detail)
        return Counter(refused=1)
    dialect.find_key(sent.headers, sent.query, found.key)
    kind = _BATCH if dialect.translate is not None else sent.kind
    judged = judge(dialect.parse(kind, found.body), kind, "b", EVENT_LIMIT)
    if judged.trouble is not None:
        raise judged.trouble
    dialect.reply(found.kind or sent.kind, sent.query, judged.message_ids, judged.judgements)
    rejected = sum(one.verdict is Verdict.REJECTED for one in judged.judgements)
    return Counter(events=len(judged.message_ids), rejected=rejected)


def _odd(dice: Random, event: bytes) -> bytes:
    """The event with one of its values, at any depth, replaced by one that nobody expects."""
    value = msgspec.json.decode(event)
    places = [*_places(value)]
    holder, name = dice.choice(places)
    holder[name] = msgspec.Raw(hostile.any_value(dice))
    return msgspec.json.encode(value)


def _places(value: object) -> Iterator[tuple[dict[str, object], str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield value, name
            yield from _places(inner)
