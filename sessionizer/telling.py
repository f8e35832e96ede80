"""What the writer tells of itself in the registry: what does not get on, and how far it is behind."""

from collections.abc import Mapping

import msgspec

from warehouse.behind import Behind, write_behind
from warehouse.registry import Registry

STATE = "sessionizer_state"
EVERY_US = 5_000_000


class Teller:
    """Troubles are written down when they change, how far it is behind every five seconds."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._troubles: Mapping[str, str] | None = None
        self._due = 0

    def tell_troubles(self, troubles: Mapping[str, str]) -> None:
        """The error of each step that does not get on."""
        if troubles != self._troubles:
            self._registry.set_setting(STATE, msgspec.json.encode({"troubles": troubles}).decode())
            self._troubles = troubles

    def is_due(self, now: int) -> bool:
        """`now` in µs UTC."""
        return now >= self._due

    def tell(self, behind: Behind) -> None:
        """How far the writer is behind now."""
        self._due = behind.at + EVERY_US
        write_behind(self._registry, behind)
