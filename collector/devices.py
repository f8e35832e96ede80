"""What one device may send: events a second, over all workers of a machine, in a table of bounded size.

Only devices that send much have to be known: where the table has no room left, who owes least makes room.
Devices stand in it as keyed hashes; the key is made with the table, and both go when the collector starts.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import ceil
from pathlib import Path
from struct import Struct

import msgspec
from msgspec import Raw

from collector.buckets import BURST_SECONDS, Shared
from sdk_contract.judging import Judged
from sdk_contract.verdicts import Judgement, Reason, Verdict

SETS, WAYS = 1 << 13, 8
KEY_BYTES = 64
_SET = Struct("<" + "Qd" * WAYS)
_ENTRY = Struct("<Qd")


class _Ids(msgspec.Struct, rename="camel", gc=False):
    anonymous_id: str | int | None = None
    user_id: str | int | None = None


_decode_ids = msgspec.json.Decoder(_Ids).decode


class Over(msgspec.Struct, frozen=True):
    """Positions of events whose devices are over their quota, and whole seconds until all may send again."""

    events: frozenset[int]
    seconds: int


NOBODY = Over(frozenset(), 0)


class Devices:
    """Events a second for each device of each key; 0: no limit. `clock`: CLOCK_MONOTONIC.

    In t seconds a device gets in rate x (t + 2 s) events and one request more.
    """

    def __init__(
        self, rate: float, path: Path, clock: Callable[[], float], random: Callable[[int], bytes]
    ) -> None:
        self.rate, self._path, self._clock, self._random = rate, path, clock, random
        self._opened: Shared | None = None

    def charge(self, key_no: int, events: Sequence[Raw]) -> Over:
        """Takes the events off their devices' buckets, but for those that are over. No ids: never over."""
        if not self.rate:
            return NOBODY
        found: dict[str | int, list[int]] = {}
        for index, raw in enumerate(events):
            if (device := device_of(raw)) is not None:
                found.setdefault(device, []).append(index)
        now, over, longest = self._clock(), list[int](), 0.0
        # Also where the lock cannot be had at once: at worst one of two changes at the same instant is lost.
        with self._table().lock():
            for device, indexes in found.items():
                if (left := self._take(key_no, device, len(indexes), now)) > 0:
                    over += indexes
                    longest = max(longest, left)
        return Over(frozenset(over), ceil(longest)) if over else NOBODY

    def _take(self, key_no: int, device: str | int, events: int, now: float) -> float:
        """0, or the seconds for which the device is in debt."""
        memory = self._table().memory
        name = blake2b(f"{key_no} {device}".encode(), digest_size=8, key=memory[:KEY_BYTES]).digest()
        tag = int.from_bytes(name, "little") | 1
        at = KEY_BYTES + tag % SETS * _SET.size
        entries = _SET.unpack_from(memory, at)
        tags, times = entries[::2], entries[1::2]
        way = tags.index(tag) if tag in tags else times.index(min(times))
        until: float = times[way] if tags[way] == tag else 0.0
        if until > now:
            return until - now
        until = max(until, now - BURST_SECONDS) + events / self.rate
        _ENTRY.pack_into(memory, at + way * _ENTRY.size, tag, until)
        return 0.0

    def _table(self) -> Shared:
        if self._opened is None:
            self._opened = Shared(self._path, KEY_BYTES + SETS * _SET.size)
            with self._opened.lock() as held:
                if held and not any(self._opened.memory[:KEY_BYTES]):
                    self._opened.memory[:KEY_BYTES] = self._random(KEY_BYTES)
        return self._opened


def device_of(raw: Raw) -> str | int | None:
    """The device of an event, else its user; None where it says neither."""
    try:
        ids = _decode_ids(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ids.anonymous_id or ids.user_id


def without(judged: Judged, over: Over) -> Judged:
    """The same with events over a device's quota filtered, but for those that are refused anyway."""
    refused = {one.index for one in judged.judgements if one.verdict is Verdict.REJECTED}
    limited = over.events - refused
    kept = [one for one in judged.judgements if one.index not in limited]
    made = [Judgement(index, Verdict.FILTERED, Reason.DEVICE_QUOTA) for index in limited]
    judgements = sorted([*kept, *made], key=lambda one: one.index)
    return Judged(judged.message_ids, judgements, judged.trouble)
