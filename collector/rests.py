"""When to try again what failed, and what to tell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

FIRST_PAUSE, LONGEST_PAUSE, STORE_PAUSE = 0.25, 30.0, 5.0
UPLOADS, MOST_UPLOADS, PATIENCE = 4, 16, 2.0
CALM, SUMMARY = 5.0, 60.0

Report = Callable[[str, Mapping[str, object]], None]


class Backoff:
    """When to try again: at once, then after pauses that double. `clock` gives seconds of any origin."""

    def __init__(self, clock: Callable[[], float], longest: float = LONGEST_PAUSE) -> None:
        self._clock, self._longest = clock, longest
        self._pause = self._until = 0.0
        self.failures = 0

    @property
    def over(self) -> bool:
        """Whether it is time to try."""
        return self._clock() >= self._until

    @property
    def failing(self) -> bool:
        return self.failures > 0

    def failed(self) -> float:
        """Returns the seconds until the next try."""
        self.failures += 1
        self._pause = min(max(self._pause * 2, FIRST_PAUSE), self._longest)
        self._until = self._clock() + self._pause
        return self._pause

    def worked(self) -> None:
        self._pause = self._until = 0.0
        self.failures = 0


class StoreRest:
    """How many uploads the store gets now, and the few lines that tell how it is.

    A store that fails is asked by one upload every few seconds, so that its return is seen within seconds. A
    store that is slow gets more uploads side by side: one more every `PATIENCE` seconds, up to `most`. That
    also gets past requests that a dead connection has swallowed.
    """

    def __init__(self, clock: Callable[[], float], report: Report, uploads: int = UPLOADS) -> None:
        self._clock, self._report, self._uploads = clock, report, uploads
        self._most = max(uploads, MOST_UPLOADS)
        self._rest = Backoff(clock, STORE_PAUSE)
        self._began = self._worked_at = self._well_since = float("-inf")
        self._well = True
        self._since: float | None = None
        self._told_at = 0.0
        self._failed = self._landed = 0

    def room(self, under_way: int) -> int:
        """How many uploads may begin beside those under way."""
        if not self._rest.over:
            return 0
        usual = 1 if self._rest.failing else self._uploads
        late = under_way < self._most and self._clock() - self._began >= PATIENCE
        return max(usual - under_way, int(late))

    @property
    def turn(self) -> int:
        """Which of the oldest segments asks a store that fails: in turn, lest one of them be the cause."""
        return self._rest.failures % self._uploads

    def began(self) -> float:
        """An upload begins; the moment, which `failed` asks for."""
        self._began = self._clock()
        return self._began

    def worked(self) -> None:
        self._worked_at = self._clock()
        if not self._well:
            self._well, self._well_since = True, self._worked_at
        self._landed += 1
        self._rest.worked()

    def failed(self, began: float, facts: Mapping[str, object]) -> bool:
        """False where others have worked since it began: then it is not the store that rests."""
        if self._since is None:
            self._since = self._told_at = self._clock()
            self._failed = self._landed = 0
            self._report("store failing", facts)
        self._well = False
        self._failed += 1
        if self._worked_at > began:
            return False
        self._rest.failed()
        return True

    def tell(self, waiting: int) -> None:
        """Once a minute how it goes on, and when it is over."""
        if self._since is None:
            return
        now = self._clock()
        facts = {"seconds": round(now - self._since), "failed": self._failed, "landed": self._landed}
        if self._well and now - self._well_since >= CALM:
            self._since = None
            self._report("store works again", facts)
        elif now - self._told_at >= SUMMARY:
            self._told_at = now
            self._report("store still failing", {**facts, "waiting": waiting})
