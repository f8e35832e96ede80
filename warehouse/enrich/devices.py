"""What is remembered of devices between their events: their clocks, and what they did in the last second."""

from __future__ import annotations

from typing import Final

from warehouse.enrich.clock import SECOND, DeviceClock, moment

REMEMBERED: Final = 65_536
REPEAT: Final = SECOND
_RECENT: Final = 8

# Hash of what was done -> when by the device's clock, message id, whether it was a repeat.
Deeds = dict[int, tuple[int, str, bool]]


Name = tuple[str, str]  # project and anonymous id
Found = tuple[int, str | None, int | None]  # as a `Moment`


class Device:
    """Its clock, and what it did in the last second."""

    __slots__ = ("clock", "deeds")

    def __init__(self) -> None:
        self.clock = DeviceClock()
        self.deeds: Deeds = {}


class DeviceClocks:
    """The clocks of the devices heard of last, `remembered` at most; for one thread at a time.

    They are kept in two halves: when the younger is full, the older is forgotten, and the younger becomes it.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._half = max(remembered // 2, 1)
        self._young: dict[Name, Device] = {}
        self._old: dict[Name, Device] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def of(self, device: Name) -> Device:
        """What is remembered of it."""
        return self._young.get(device) or self._recall(device)

    def see(
        self,
        device: Name,
        original: int | None,
        sent_at: int | None,
        received_at: int,
        deed: int | None = None,
        message_id: str = "",
    ) -> tuple[Found, bool | None]:
        """When an event of a device happened, and whether it repeats the one before.

        Times are µs UTC. `deed` is a hash of what the device did; the same less than a second before, by the
        device's own clock, makes a repeat. The same message a second time is no repeat of itself.
        """
        known = self.of(device)
        clock = known.clock
        if original is None:
            return moment(None, sent_at, received_at, clock), None
        if sent_at is not None and clock.agrees(original, sent_at, received_at):
            found: Found = (original, None, 0)
        else:
            found = moment(original, sent_at, received_at, clock)
        return found, None if deed is None else repeats(known.deeds, deed, original, message_id)

    def _recall(self, device: Name) -> Device:
        found = self._old.pop(device) if device in self._old else Device()
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[device] = found
        return found


def repeats(deeds: Deeds, deed: int, original: int, message_id: str) -> bool:
    """Whether a deed is in `deeds` less than a second before; it takes its place there."""
    before = deeds.get(deed)
    if before is None:
        deeds[deed] = (original, message_id, False)
        if len(deeds) > _RECENT:
            del deeds[next(iter(deeds))]
        return False
    if before[1] == message_id:
        return before[2]
    is_repeat = 0 <= original - before[0] < REPEAT
    if original >= before[0]:
        del deeds[deed]
        deeds[deed] = (original, message_id, is_repeat)
    return is_repeat
