"""What is remembered of devices between their events: their clocks, and what they did in the last second."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from warehouse.enrich.clock import SECOND, DeviceClock, Moment, moment

REMEMBERED: Final = 65_536
REPEAT: Final = SECOND
_RECENT: Final = 8

# Hash of what was done -> when by the device's clock, message id, whether it was a repeat.
Deeds = dict[int, tuple[int, str, bool]]


class _Device:
    __slots__ = ("clock", "deeds")

    def __init__(self) -> None:
        self.clock = DeviceClock()
        self.deeds: Deeds = {}


class DeviceClocks:
    """The clocks of up to `remembered` devices, those heard of last; may be used from several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._devices: OrderedDict[tuple[str, str], _Device] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._devices)

    def see(
        self,
        device: tuple[str, str],
        original: int | None,
        sent_at: int | None,
        received_at: int,
        deed: int | None = None,
        message_id: str = "",
    ) -> tuple[Moment, bool | None]:
        """When an event of a device (project, anonymous id) happened, and whether it repeats the one before.

        Times are µs UTC. `deed` is a hash of what the device did; the same less than a second before, by the
        device's own clock, makes a repeat. The same message a second time is no repeat of itself.
        """
        with self._lock:
            known = self._of(device)
            found = moment(original, sent_at, received_at, known.clock)
            if deed is None or original is None:
                return found, None
            return found, repeats(known.deeds, deed, original, message_id)

    def _of(self, device: tuple[str, str]) -> _Device:
        found = self._devices.get(device)
        if found is None:
            found = self._devices[device] = _Device()
            if len(self._devices) > self._remembered:
                self._devices.popitem(last=False)
        else:
            self._devices.move_to_end(device)
        return found


def repeats(deeds: Deeds, deed: int, original: int, message_id: str) -> bool:
    """Whether a deed is in `deeds` less than a second before; it takes its place there."""
    before = deeds.pop(deed, None)
    if before is not None and before[1] == message_id:
        deeds[deed] = before
        return before[2]
    is_repeat = before is not None and 0 <= original - before[0] < REPEAT
    newer = before is None or original >= before[0]
    deeds[deed] = (original, message_id, is_repeat) if newer or before is None else before
    if len(deeds) > _RECENT:
        del deeds[next(iter(deeds))]
    return is_repeat
