"""When an event happened, by its device's clock as far as that can be believed. All times and spans in µs.

A request's `sentAt` tells how far the device's clock is behind ours: `received - sentAt`, which is its true
distance and the time that the request was on its way. The way is never shorter than nothing, so a clock is at
most that far behind, and the smallest measurement is the best one.

The trap is to correct each request by its own measurement: the way takes 1 second now and 30 then, and what
happened first is put last. So one device has one correction, which maps its clock's times to true ones:

- The first measurement decides. Up to a second either way there is nothing to correct.
- A later one within a minute is the same clock, and another way. A shorter way lowers the correction, but
  only for times later than any that was mapped before, and gently: corrected time goes on at half its speed
  until it has caught up. So the map never turns any two times round, in whatever order they arrive.
- A clock over a minute further ahead than believed has been set, or was first measured by a slow request:
  it begins anew. So does one that is right all of a sudden.
- A clock that seems more than a minute further behind may have been set back; far more often a request was
  stored, and sent again with the time it was first written with. It stands under suspicion ("stale"): events
  keep the correction of before, until a request at least a minute later measures the same.
- Of a device that is not known yet, a request that seems sent between a day and 60 days ago is taken as
  stored, and keeps its own times; beyond that the clock was never set.
"""

from __future__ import annotations

from typing import NamedTuple

SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000
FIRST_DAY = -62_135_596_800_000_000  # of the year 1, where most calendars of programs begin
TOLERANCE = MINUTE
RIGHT_AHEAD, RIGHT_BEHIND = SECOND // 2, SECOND
STORED_AT_LEAST, STORED_AT_MOST = DAY, 60 * DAY
FUTURE = DAY
_TURNS = 8


class Moment(NamedTuple):
    """When an event happened, how that was found (None: as sent), and what was added to the device's time."""

    timestamp: int
    clock: str | None
    offset: int | None


class DeviceClock:
    """What is known of one device's clock. `measure` and `at` say together what a time of it means."""

    __slots__ = ("doubt", "doubted_at", "first", "is_right", "newest", "offset", "turns")

    def __init__(self) -> None:
        self.offset: int | None = None  # in use after the newest time; None: not known yet
        self.is_right = False  # it never was otherwise, as far as is known
        self.first = 0  # the offset before any turn
        self.turns: list[
            tuple[int, int, int]
        ] = []  # from which time on, what it maps to, the offset from there
        self.newest: int | None = None
        self.doubt: int | None = None
        self.doubted_at = 0

    def measure(self, behind: int, received_at: int) -> bool:
        """Takes in how far a `sentAt` lies behind; False where it was written long before it was sent."""
        if self.offset is None:
            if not seems_stored(behind) and (self.doubt is None or abs(behind - self.doubt) > TOLERANCE):
                self._begin(behind)
                return True
            return self._is_confirmed(behind, received_at)
        apart = behind - self.offset
        if abs(apart) <= TOLERANCE:
            if apart < -SECOND and len(self.turns) < _TURNS:
                self._turn(settled(behind))
        elif apart < 0 or abs(behind) <= TOLERANCE:
            self._begin(behind)
        else:
            return self._is_confirmed(behind, received_at)
        return True

    def agrees(self, time: int, sent_at: int, received_at: int) -> bool:
        """Whether this clock is known to be right and a request says so again; then `time` needs no more."""
        if not (self.is_right and time <= received_at and is_prompt(sent_at, received_at)):
            return False
        if time <= sent_at:
            self.saw(time)
        return True

    def at(self, time: int) -> int:
        """The true time of a time of this clock."""
        for start, mapped, offset in reversed(self.turns):
            if time > start:
                return max(time + offset, mapped + (time - start) // 2)
        return time + self.first

    def saw(self, time: int) -> None:
        """An event of this time has been mapped: its correction stands."""
        if self.newest is None or time > self.newest:
            self.newest = time

    def _is_confirmed(self, behind: int, received_at: int) -> bool:
        if self.doubt is None or abs(behind - self.doubt) > TOLERANCE:
            self.doubt, self.doubted_at = behind, received_at
        if abs(received_at - self.doubted_at) < TOLERANCE:
            return False
        if self.offset is None:
            self._turn(behind)
        else:
            self._begin(behind)
        return True

    def _begin(self, behind: int) -> None:
        self.offset = self.first = settled(behind)
        self.is_right = self.offset == 0
        self.turns, self.newest, self.doubt = [], None, None

    def _turn(self, offset: int) -> None:
        """Another offset for all times after the newest that was mapped."""
        if self.newest is None:
            self._begin(offset)
            return
        self.turns.append((self.newest, self.at(self.newest), offset))
        self.offset, self.doubt, self.is_right = offset, None, False


def moment(original: int | None, sent_at: int | None, received_at: int, clock: DeviceClock | None) -> Moment:
    """When an event happened; `original` and `sent_at` are the device's own times.

    Without what is known of the device the request stands alone.
    """
    if original is None:
        return Moment(received_at, "missing", None)
    time, flag = _corrected(original, sent_at, received_at, DeviceClock() if clock is None else clock)
    if time > received_at + FUTURE:
        return Moment(received_at, "future", received_at - original)
    if time == original:
        return Moment(time, flag, 0)
    time = max(time, FIRST_DAY)
    return Moment(time, flag or "skewed", time - original)


def _corrected(
    original: int, sent_at: int | None, received_at: int, clock: DeviceClock
) -> tuple[int, str | None]:
    if sent_at is None:
        return clock.at(original), None
    flag = None if clock.measure(received_at - sent_at, received_at) else "stale"
    time = clock.at(original)
    if original <= sent_at:
        clock.saw(original)
    return time, flag


def is_prompt(sent_at: int, received_at: int) -> bool:
    """Whether a request, by a clock that is right, came just now."""
    return -SECOND <= received_at - sent_at <= TOLERANCE


def seems_stored(behind: int) -> bool:
    return STORED_AT_LEAST < behind < STORED_AT_MOST


def settled(behind: int) -> int:
    """The offset for a measurement: none where clock and way together make less than a second."""
    return 0 if -RIGHT_AHEAD <= behind <= RIGHT_BEHIND else behind
