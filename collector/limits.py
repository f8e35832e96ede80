"""How long a sender may take for a body. No clock of its own."""

import asyncio


class SlowBodies:
    """Cuts off requests whose body takes too long, by one sweep a second instead of a timer each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[asyncio.Task[object], float] = {}
        self._cut: set[asyncio.Task[object]] = set()

    def begin(self, task: asyncio.Task[object], now: float) -> None:
        self._since[task] = now

    def end(self, task: asyncio.Task[object]) -> None:
        self._since.pop(task, None)

    def sweep(self, now: float) -> int:
        """Cancels the reading of every body that began more than `seconds` ago; how many."""
        late = [task for task, since in self._since.items() if now - since > self.seconds]
        for task in late:
            del self._since[task]
            self._cut.add(task)
            task.cancel()
        return len(late)

    def was_cut(self, task: asyncio.Task[object]) -> bool:
        """True once for a task that `sweep` cancelled: its cancellation is ours, not the server's."""
        if task not in self._cut:
            return False
        self._cut.discard(task)
        task.uncancel()
        return True
