"""One step of the writer's loop, and what the loop does when it fails."""

from collections.abc import Callable

import duckdb
import msgspec

from sdk_contract.errors import SojournError, Transient
from sessionizer.logs import Report

FIRST_PAUSE, LONGEST_PAUSE = 500_000, 30_000_000
TERMINAL_PAUSE = 60_000_000


class Trouble(msgspec.Struct, frozen=True):
    """Why a step does not get on. `since` and `again_at` are µs UTC; `transient`: it may pass by itself."""

    error: str
    transient: bool
    since: int
    again_at: int
    failures: int = 1


class Step:
    """Something the writer does again and again.

    An error that may pass is tried again with a growing pause, one that needs a person once a minute; a line
    is logged when the error changes, not each time. `now` gives µs UTC; `fatal` errors are raised.
    """

    def __init__(
        self,
        name: str,
        action: Callable[[], bool],
        report: Report,
        now: Callable[[], int],
        *,
        fatal: tuple[type[SojournError], ...] = (),
    ) -> None:
        self.name, self.action, self.report, self.now = name, action, report, now
        self.fatal = fatal
        self.trouble: Trouble | None = None

    def attempt(self) -> bool:
        """Do it, unless it failed a moment ago; True where there was something to do."""
        if self.trouble and self.now() < self.trouble.again_at:
            return False
        try:
            busy = self.action()
        except duckdb.InterruptException:
            return False
        except self.fatal:
            raise
        except (SojournError, duckdb.Error) as error:
            self._failed(error)
            return False
        if self.trouble:
            self.report("info", "step works again", {"step": self.name, "failures": self.trouble.failures})
        self.trouble = None
        return busy

    def _failed(self, error: Exception) -> None:
        """DuckDB's own errors are of the disk, the memory or the catalog: they can pass."""
        text, before, moment = " ".join(str(error).split()), self.trouble, self.now()
        transient = isinstance(error, (Transient, duckdb.Error))
        same = before is not None and before.error == text
        failures = before.failures + 1 if before else 1
        pause = min(FIRST_PAUSE << min(failures - 1, 10), LONGEST_PAUSE) if transient else TERMINAL_PAUSE
        since = before.since if before and same else moment
        self.trouble = Trouble(text, transient, since, moment + pause, failures)
        if not same:
            fields = {"step": self.name, "error": text, "again_in": pause / 1e6}
            self.report("warning" if transient else "error", "step failed", fields)
