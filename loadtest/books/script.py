"""What a run sends: one round of requests of every kind, said again and again with fresh message ids.

An id is a number: of round r it is (r + BACK) * ids of a round + its place in the round. A repeat names the
place that it says again, and how many rounds back that was; what it says of rounds before the first is said
for the first time then.
"""

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from loadtest.books.keys import ENFORCED, PLAIN, REVOKED, STRICT, WARNED, Key
from loadtest.books.kinds import KINDS, VIEWED, Kind
from loadtest.wire import Request, basic, zipped

BACK: Final = 200
REQUESTS: Final = 250
LARGEST: Final = 80
A_DEVICES_IDS: Final = 64
REPEATS: Final = 0.12
CHANGED: Final = 0.2
PACKED: Final = 0.1
FILTERED: Final = ("filtered", "consent")
_KEYS: Final = {PLAIN: 0.35, ENFORCED: 0.25, WARNED: 0.2, STRICT: 0.2}
_ASKS_NOT_TO: Final = b"DNT: 1\r\n"

Places = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.uint8]
Fate = tuple[str, str] | None
Counted = tuple[Places, Numbers]
NOTHING: Final = (np.zeros(0, np.int64), np.zeros(0, np.uint8))


class Slot(NamedTuple):
    """One event of a request: its kind, the place of its id, how many rounds back, in other words or not."""

    kind: Kind
    place: int
    back: int = 0
    changed: bool = False


class Asked(msgspec.Struct, frozen=True, eq=False):
    """One request of a round.

    `fates` are the refusals that its sender must be told, event by event, None for a stored one; `tally` the
    same as counts. `status` and `reason` where the whole must be refused; `kept`: then as one refused event.
    The arrays: ids that may be stored, ids said in other words, ids refused, each with how often.
    """

    key: str
    text: bytes
    headers: bytes
    places: Places
    fates: tuple[Fate, ...] = ()
    tally: Counter[str] = Counter()
    status: int = 200
    reason: str = ""
    kept: bool = False
    packed: bool = False
    stored: Counted = NOTHING
    changed: Counted = NOTHING
    refused: Counted = NOTHING

    @property
    def events(self) -> int:
        return len(self.fates)


class Script(msgspec.Struct, frozen=True):
    """One round; `ids` is how many fresh ids it has."""

    requests: tuple[Asked, ...]
    ids: int

    def base(self, number: int) -> int:
        """The first id of a round."""
        return (number + BACK) * self.ids

    def request(self, number: int, asked: Asked) -> Request:
        """A request of round `number`, whose anchor, where it has one, is its first id."""
        ids = asked.places + self.base(number)
        filled = np.stack([ids, ids // A_DEVICES_IDS], axis=1).ravel().tolist()
        body = asked.text % tuple(filled) if filled else asked.text
        anchors = (id_text(int(ids[0])),) if filled else ()
        request = Request("/v1/batch", body, anchors, asked.headers)
        return zipped(request) if asked.packed else request

    @property
    def events(self) -> int:
        """Events of a round."""
        return sum(asked.events for asked in self.requests)


def id_text(number: int) -> str:
    return f"bk-{number:010d}"


def term_of(fate: Fate) -> str:
    """The term of the books: kept (stored or duplicate), or the verdict with its reason."""
    return "kept" if fate is None else ".".join(fate)


def script(keys: dict[str, Key], seed: int) -> Script:
    """A round, the same for the same seed."""
    rng = Random(seed)
    drafts, ids = _drafts(rng)
    requests = [_asked(keys[name], slots, ids, rng) for name, slots in drafts]
    requests += _refused_whole(keys, rng)
    rng.shuffle(requests)
    return Script(tuple(requests), ids)


Draft = tuple[str, list[Slot]]


def _drafts(rng: Random) -> tuple[list[Draft], int]:
    """Requests as slots. The first of each is an event of its own that nothing repeats: its anchor."""
    drafts: list[Draft] = []
    seen: dict[str, list[Slot]] = {key: [] for key in _KEYS}
    place = 0
    for _ in range(REQUESTS):
        key = rng.choices(list(_KEYS), list(_KEYS.values()))[0]
        slots = [Slot(VIEWED, place)]
        place += 1
        for _ in range(rng.randrange(LARGEST)):
            if rng.random() < REPEATS and (again := _repeat(seen, key, rng)) is not None:
                slots.append(again)
                continue
            slots.append(Slot(_kind(key, rng), place))
            place += 1
            if slots[-1].kind.named:
                seen[key].append(slots[-1])
        drafts.append((key, slots))
    return drafts, place


def _kind(key: str, rng: Random) -> Kind:
    return rng.choices(KINDS, [kind.weights.get(key, 0.0) for kind in KINDS])[0]


def _repeat(seen: dict[str, list[Slot]], key: str, rng: Random) -> Slot | None:
    """An event from before, of this request too; of the planned keys also one that the other key sent."""
    other = {ENFORCED: WARNED, WARNED: ENFORCED}.get(key, key)
    among = seen[other if rng.random() < 0.1 else key]
    if not among:
        return None
    first = rng.choice(among)
    back = 0 if rng.random() < 0.5 else 1 + int((BACK - 1) * rng.random() ** 3)
    changed = first.kind is VIEWED and rng.random() < CHANGED
    return Slot(first.kind, first.place, back, changed)


def _asked(key: Key, slots: Sequence[Slot], ids: int, rng: Random) -> Asked:
    """Now and then the browser asks not to be followed: under the strict key nothing of it may be stored."""
    quiet = key.name == STRICT and rng.random() < 0.1
    fates = tuple(slot.kind.fate(key.name) or (FILTERED if quiet else None) for slot in slots)
    places = [slot.place - slot.back * ids for slot in slots]
    named = [one for one in zip(places, slots, fates, strict=True) if one[1].kind.named]
    return Asked(
        key.name,
        b'{"batch":[%s]}' % b",".join(_text(slot) for slot in slots),
        b"Content-Type: application/json\r\n" + basic(key.secret) + (_ASKS_NOT_TO if quiet else b""),
        np.array(places, np.int64),
        fates,
        Counter(term_of(fate) for fate in fates),
        stored=_counted(place for place, _, fate in named if fate is None),
        changed=_counted(place for place, slot, fate in named if fate is None and slot.changed),
        refused=_counted(place for place, _, fate in named if fate is not None),
        packed=rng.random() < PACKED,
    )


def _text(slot: Slot) -> bytes:
    return slot.kind.text.replace(b"129.5", b"99.0") if slot.changed else slot.kind.text


def _counted(places: Iterator[int]) -> Counted:
    numbers = Counter(places)
    return np.array(list(numbers), np.int64), np.array(list(numbers.values()), np.uint8)


def _refused_whole(keys: dict[str, Key], rng: Random) -> Iterator[Asked]:
    """Bodies that cannot be read, which are kept, and requests of which nothing is."""
    known, gone = basic(keys[PLAIN].secret), basic(keys[REVOKED].secret)
    for status, reason, body, key, kept in (
        (400, "bad_envelope", b'{"batch":5}', PLAIN, True),
        (400, "bad_envelope", b"what is this", PLAIN, True),
        (400, "bad_compression", gzip.compress(b'{"batch":[]}', mtime=0)[:-6], PLAIN, True),
        (413, "too_many_events", b'{"batch":[%s]}' % b",".join([b"0"] * 2_001), PLAIN, False),
        (413, "body_too_large", _too_large(rng), PLAIN, False),
        (401, "unknown_key", b'{"batch":[{"type":"page","anonymousId":"d"}]}', REVOKED, False),
    ):
        headers = b"Content-Type: application/json\r\n" + (gone if key == REVOKED else known)
        tally = Counter({f"rejected.{reason}": 1}) if kept else Counter[str]()
        yield Asked(key, body, headers, NOTHING[0], (), tally, status, reason, kept)


def _too_large(rng: Random) -> bytes:
    """60 KiB that unpack to more than 10 MiB, and not so well packed that they look like a bomb."""
    noise = rng.randbytes(58 << 10).hex().encode()
    return gzip.compress(b'{"batch":["' + noise + b"0" * (11 << 20) + b'"]}', 6, mtime=0)
