"""What a write key may send: events a second over all workers of a machine, taken from a shared bucket."""

from collections.abc import Callable
from math import ceil

import msgspec

from collector.buckets import Buckets
from warehouse.registry import Key

# A worker takes so many seconds' worth at once: it asks the others 20 times a second, whatever the rate.
LEASE_SECONDS = 0.05


class _Lease(msgspec.Struct):
    """What a worker holds of a key's bucket; `owed` was let pass while the bucket could not be reached."""

    tokens: float = 0.0
    owed: float = 0.0
    until: float = 0.0


class Quota:
    """Events a second for each write key: its own rate, else `rate`; 0: no limit. `clock`: CLOCK_MONOTONIC.

    In t seconds all workers together let pass at most rate x (t + 2 s), one batch that overdraws the bucket,
    and a lease (0.05 s' worth) for each worker. What an idle worker holds, the others miss: a lease at most.
    """

    def __init__(self, rate: float, buckets: Buckets, clock: Callable[[], float]) -> None:
        self.rate, self._buckets, self._clock = rate, buckets, clock
        self._leases: dict[int, _Lease] = {}

    def debt(self, key: Key) -> int:
        """Whole seconds that the key is known to be in debt; 0: it may send. Costs no look at the bucket."""
        lease = self._leases.get(key.no)
        if lease is None or not lease.until or not self._rate(key):
            return 0
        left = lease.until - self._clock()
        return ceil(left) if left > 0 else 0

    def charge(self, key: Key, events: int) -> int:
        """0 where the events may pass (they are taken off), else whole seconds that the key is in debt.

        A batch passes whole when the key is in no debt, however large it is, and the key pays afterwards.
        """
        rate = self._rate(key)
        if not rate:
            return 0
        lease = self._leases.setdefault(key.no, _Lease())
        if lease.tokens < events:
            now = self._clock()
            need = events - lease.tokens + lease.owed
            taken = self._buckets.take(key.no, rate, need, rate * LEASE_SECONDS, now)
            if taken is None:
                lease.owed += events
                return 0
            if taken < 0:
                lease.until = now - taken
                return ceil(-taken)
            lease.tokens, lease.owed, lease.until = lease.tokens + taken - lease.owed, 0.0, 0.0
        lease.tokens -= events
        return 0

    def debts(self) -> list[float]:
        """Seconds of the keys that this worker knows to be in debt."""
        now = self._clock()
        return [lease.until - now for lease in self._leases.values() if lease.until > now]

    def _rate(self, key: Key) -> float:
        return self.rate if key.rate is None else key.rate
