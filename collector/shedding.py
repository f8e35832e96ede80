"""What is turned away while more comes than the journal or the processor can take, and when it may come back.

Whoever is let in is answered about a second later at most; whoever is not is told so before its body is read.
"""

from collections.abc import Callable
from enum import StrEnum
from math import ceil, inf

from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

ALWAYS = 64 * 1024
SMALLEST_COMMIT = 64 * 1024
SLOW_COMMIT = 0.05
COMMIT_SECONDS = 0.2
BEAT = 0.05
# 64 clients that send large batches to a strict key at the same moment make a turn of 40 to 60 ms.
LATE = 0.1
WORK = 0.1
LET_IN = 16
REMEMBERED = 1.0
GREED = 4
LONGEST_RETRY = 60
SMOOTHING = 0.5


class Cause(StrEnum):
    """What there was too much of."""

    JOURNAL = "journal"
    TURN = "turn"
    CONNECTIONS = "connections"


class Busy(Refused):
    """There is too much of something for now."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(Reason.BUSY, detail)
        self.cause = cause


class Queue:
    """Bytes that wait for the journal, by write key, and how fast it takes them.

    `longest`: seconds that a request may wait, `most`: bytes that may wait whatever the rate. Only slow or
    large commits tell the rate: from small ones one learns how long a disk takes to begin.
    """

    def __init__(self, longest: float, most: int, clock: Callable[[], float]) -> None:
        self.longest, self.most, self.clock = longest, most, clock
        self.size = 0
        self.of_key: dict[int, int] = {}
        self.commit_limit = most
        self._room = float(most)
        self._bytes = self._seconds = 0.0
        self._began: float | None = None

    def add(self, key_no: int, size: int) -> None:
        self.size += size
        self.of_key[key_no] = self.of_key.get(key_no, 0) + size

    def remove(self, key_no: int, size: int) -> None:
        self.size -= size
        left = self.of_key[key_no] - size
        if left:
            self.of_key[key_no] = left
        else:
            del self.of_key[key_no]

    def begin(self) -> None:
        """A commit begins; called by the committer's thread."""
        self._began = self.clock()

    def end(self, size: int) -> None:
        """It has ended, and wrote so many bytes, or failed; called by the committer's thread."""
        began, self._began = self._began, None
        took = 0.0 if began is None else self.clock() - began
        keep = REMEMBERED / (REMEMBERED + took)
        if took > SLOW_COMMIT or size >= SMALLEST_COMMIT:
            self._bytes, self._seconds = self._bytes * keep + size, self._seconds * keep + took
        else:
            self._bytes, self._seconds = self._bytes * keep, self._seconds * keep * keep
        rate = self.rate
        self._room = max(ALWAYS, min(self.most, rate * self.longest))
        self.commit_limit = int(max(SMALLEST_COMMIT, min(self.most, rate * COMMIT_SECONDS)))

    @property
    def rate(self) -> float:
        """Bytes a second; infinite while no commit has been slow or large."""
        return self._bytes / self._seconds if self._seconds > 1e-4 else inf

    @property
    def wait(self) -> float:
        """Seconds after which a request that comes now would be on disk, by what was measured."""
        return self.size / self.rate + self._running()

    def full(self, key_no: int | None) -> bool:
        """Whether a request of this key has to be turned away; None: the key is not known yet.

        A key may wait with a multiple of what room is left, so that the greatest sender is turned away first
        and one that sends little always finds room.
        """
        if not self.size:
            return False
        if self._running() > self.longest:
            return True
        left = self._room - self.size
        return left <= 0 if key_no is None else self.of_key.get(key_no, 0) > max(left, 0.0) * GREED

    def _running(self) -> float:
        began = self._began
        return 0.0 if began is None else self.clock() - began


class Turns:
    """How late the event loop is: who is served late in a long turn of it has waited as long.

    `beat` has to be called by a timer of the loop every `BEAT` seconds. `worked`: CPU seconds of its thread.
    A loop that is late without having worked was kept waiting by other programs: to turn requests away would
    not help.
    """

    def __init__(self, clock: Callable[[], float], worked: Callable[[], float]) -> None:
        self._clock, self._worked = clock, worked
        self._begun = 0.0
        self._due = inf
        self._late = self._before = -inf
        self._asked = 0
        self.latest = 0.0

    def beat(self) -> None:
        now = self._clock()
        self.latest = max(self.latest, now - self._due)
        self._due, self._asked, self._begun = now + BEAT, 0, self._worked()

    def late(self) -> bool:
        """Whether this turn and one shortly before were long: a single one can be a single large request.

        A few are let in at every beat: a loop may be late for reasons that have nothing to do with them.
        """
        self._asked += 1
        if self._asked <= LET_IN:
            return False
        late = self._clock() - self._due
        if late <= LATE or self._worked() - self._begun < WORK:
            return False
        if self._due != self._late:
            self._before, self._late = self._late, self._due
        return self._due - self._before < REMEMBERED + late


class Shedding:
    """Turns requests away. `chance` gives a random number from 0 to 1."""

    def __init__(self, queue: Queue, turns: Turns, chance: Callable[[], float]) -> None:
        self.queue, self.turns, self._chance = queue, turns, chance
        self._excess = 0.0

    def check(self, key_no: int | None) -> None:
        """Raises Busy where a request of this key cannot be taken now; None: the key is not known yet."""
        if self.queue.full(key_no):
            raise Busy(Cause.JOURNAL, "more is sent than the disk takes")
        if self.turns.late():
            raise Busy(Cause.TURN, "more is sent than the processor can take")

    def measure(self, served: int, shed: int) -> None:
        """Takes the requests of the last second."""
        self._excess += SMOOTHING * (shed / max(served, 1) - self._excess)

    def retry_after(self) -> int:
        """Seconds: as long as it takes to serve all who were turned away, were they served one by one."""
        return self.spread(min(LONGEST_RETRY // 2, ceil(self.queue.longest * (1 + self._excess))), 1.0)

    def spread(self, seconds: int, share: float = 0.25) -> int:
        """Up to so much longer, at random: who was turned away together must not come back together."""
        return seconds + int(self._chance() * (seconds * share + 1))
