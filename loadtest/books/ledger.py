"""What the load client knows: what it was told, and what the books must therefore say, by key and hour.

A request is sure when one try was answered within one hour. Of any other the client cannot know how often it
was kept, nor in which hour: it is doubtful, and is settled afterwards by its anchor, an id that no other
request carries. A body without an id has no anchor; the ledger keeps bounds for it.
"""

from collections import Counter, defaultdict
from typing import Final, NamedTuple

import msgspec
import numpy as np

from loadtest.books.script import BACK, Asked, Fate, Script, id_text, term_of
from loadtest.errors import GaveUp

HOUR_US: Final = 3_600_000_000
CELLS: Final = 32
_TOLD: Final = 20
Cell = tuple[str, int]  # write key by its name here, hours since 1970


class _Entry(msgspec.Struct, gc=False):
    verdict: str
    reason: str | None = None


class _Reply(msgspec.Struct, gc=False):
    verdicts: list[_Entry] = []
    reason: str | None = None


class Answered(NamedTuple):
    """A request of round `number` and its last answer. Times in µs UTC: of the first try and the answer."""

    number: int
    asked: Asked
    first_at: int
    answered_at: int
    tries: int
    status: int
    body: bytes


class Ledger:
    """Counts by key and hour, and for every id how often it was said.

    `sure` holds what the books must say, `extra` what they may say beyond; `stored` and `refused` how often
    an id was sent to be stored and to be refused, `changed` how often in other words, `where` in which cells.
    """

    def __init__(self, script: Script, rounds: int) -> None:
        ids = (rounds + BACK) * script.ids
        self.script = script
        self.sure: dict[Cell, Counter[str]] = defaultdict(Counter)
        self.extra: dict[Cell, Counter[str]] = defaultdict(Counter)
        self.stored, self.changed, self.refused = (np.zeros(ids, np.uint8) for _ in range(3))
        self.where = np.zeros(ids, np.uint32)
        self.cells: dict[Cell, int] = {}
        self.doubtful: list[Answered] = []
        self.events = self.requests = self.sent_again = self.hints = self.misread = self.unanswered_kept = 0
        self.refused_whole: Counter[str] = Counter()
        self.surprises: list[str] = []

    def answered(self, answer: Answered) -> None:
        """Takes in what a request was told."""
        asked = answer.asked
        self.requests += 1
        self.sent_again += answer.tries > 1
        reply = _decode(answer.body)
        if answer.status != asked.status or (asked.status != 200 and reply.reason != asked.reason):
            self.surprise(f"{_name(answer)} answered {answer.status} {answer.body[:200]!r}")
            return
        if asked.status != 200:
            self.refused_whole[asked.reason] += 1
            if asked.kept:
                self._add_nameless(answer)
            return
        self.events += asked.events
        self._compare_told(answer, reply)
        if answer.tries > 1 or answer.first_at // HOUR_US != answer.answered_at // HOUR_US:
            self.doubtful.append(answer._replace(body=b""))
        else:
            self.add(answer, answer.answered_at // HOUR_US)

    def add(self, answer: Answered, hour: int, copies: int = 1) -> None:
        """A request was kept in this hour, so many times."""
        asked, cell = answer.asked, (answer.asked.key, hour)
        counts = self.sure[cell]
        for term, events in asked.tally.items():
            counts[term] += events * copies
        base, bit = self.script.base(answer.number), self._bit(cell)
        for places, times, numbers in (
            (*asked.stored, self.stored),
            (*asked.changed, self.changed),
            (*asked.refused, self.refused),
        ):
            numbers[places + base] += times * np.uint8(copies)
        self.where[asked.stored[0] + base] |= bit

    def settle(self, found: dict[str, Counter[int]]) -> None:
        """What is doubtful becomes sure by where its anchors were found: id -> hour -> copies."""
        for answer in self.doubtful:
            anchor = id_text(int(answer.asked.places[0]) + self.script.base(answer.number))
            hours = found.get(anchor, Counter())
            first, last = answer.first_at // HOUR_US, answer.answered_at // HOUR_US
            if not 1 <= hours.total() <= answer.tries or not all(first <= hour <= last for hour in hours):
                self.surprise(
                    f"{_name(answer)} was answered at try {answer.tries} of hours {first} to {last}, and its "
                    f"first event {anchor} is there {dict(hours) or 'not at all'}"
                )
            self.unanswered_kept += max(0, hours.total() - 1)
            for hour, copies in (hours or {last: 1}).items():
                self.add(answer, hour, copies)

    @property
    def anchors(self) -> list[str]:
        """Of the doubtful requests."""
        base = self.script.base
        return [id_text(int(one.asked.places[0]) + base(one.number)) for one in self.doubtful]

    def surprise(self, text: str) -> None:
        """The client was told something that it must not be told."""
        self.misread += 1
        if len(self.surprises) < _TOLD:
            self.surprises.append(text)

    def _compare_told(self, answer: Answered, reply: _Reply) -> None:
        """Every verdict as it must be. A duplicate is a hint; an anchor that was sent once cannot be one."""
        told = reply.verdicts
        fates = tuple((one.verdict, one.reason or "") if one.verdict in _REFUSING else None for one in told)
        hints = sum(one.verdict == "duplicate" for one in told)
        self.hints += hints
        if fates != answer.asked.fates:
            self.surprise(f"{_name(answer)}: {_first_difference(fates, answer.asked.fates)}")
        elif hints and told[0].verdict == "duplicate" and answer.tries == 1:
            self.surprise(f"{_name(answer)}: its first event is called a duplicate, and was sent once")

    def _add_nameless(self, answer: Answered) -> None:
        """An unreadable body: kept at least once where it was answered, at most once a try in any hour."""
        hours = range(answer.first_at // HOUR_US, answer.answered_at // HOUR_US + 1)
        sure = len(hours) == 1
        for hour in hours:
            cell = answer.asked.key, hour
            self.sure[cell].update(answer.asked.tally if sure else ())
            for term in answer.asked.tally:
                self.extra[cell][term] += answer.tries - sure

    def _bit(self, cell: Cell) -> np.uint32:
        if cell not in self.cells:
            if len(self.cells) == CELLS:
                raise GaveUp(f"the run reached more than {CELLS} keys and hours; give it fewer events")
            self.cells[cell] = len(self.cells)
        return np.uint32(1 << self.cells[cell])


def _first_difference(told: tuple[Fate, ...], wanted: tuple[Fate, ...]) -> str:
    if len(told) != len(wanted):
        return f"{len(told)} verdicts for {len(wanted)} events"
    at = next(at for at, (one, other) in enumerate(zip(told, wanted, strict=True)) if one != other)
    return f"event {at} is {term_of(told[at])}, not {term_of(wanted[at])}"


def _name(answer: Answered) -> str:
    return f"a {answer.asked.key} request of round {answer.number}"


_REFUSING: Final = ("rejected", "filtered")
_decode = msgspec.json.Decoder(_Reply).decode
