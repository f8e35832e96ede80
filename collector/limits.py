"""How long a sender may take for a body. No clock of its own."""

import asyncio

from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason


class SlowBodies:
    """Refuses requests whose body takes too long, by one sweep a second instead of a timer each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Future[None], float] = {}

    def begin(self, arrival: asyncio.Future[None], now: float) -> None:
        self._since[arrival] = now

    def end(self, arrival: asyncio.Future[None]) -> None:
        self._since.pop(arrival, None)

    def sweep(self, now: float) -> int:
        """Ends the waiting for every body that began more than `seconds` ago; how many."""
        late = [arrival for arrival, since in self._since.items() if now - since > self.seconds]
        for arrival in late:
            del self._since[arrival]
            if not arrival.done():
                text = f"not complete after {self.seconds:g} s"
                arrival.set_exception(Refused(Reason.SLOW_BODY, text))
        return len(late)

    def cut(self) -> None:
        """Ends the waiting for every body: the collector stops."""
        for arrival in self._since:
            if not arrival.done():
                arrival.set_exception(Refused(Reason.DRAINING, Reason.DRAINING.text))
