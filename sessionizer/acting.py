"""Who looks for entries of actions, after tags and watches were looked at, in a part of the time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sdk_contract.privacy import Vault
from warehouse.actions.entering import Entered, enter
from warehouse.actions.entries import Since
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.secrets import Secrets

SHARE: Final = 10


class Actor:
    """Use it from the writer's thread. It looks every `every` seconds, at most one part in `SHARE` of the
    time; after a start it looks at everything that is not too late, and what is entered stays once.
    """

    def __init__(self, registry: Registry, secrets: Path, every: float, now: Callable[[], int]) -> None:
        self._registry, self._folder, self._now = registry, secrets, now
        self._every = int(every * 1e6)
        self._since = Since()
        self._due = 0
        self._secrets: Secrets | None = None

    def look(self, lake: Lake, now: int) -> Entered:
        """Enter who is due, if it is time to look. `now`: µs UTC."""
        if now < self._due:
            return Entered()
        found, self._since = enter(lake, self._registry, self._vault, now, self._since)
        ended = self._now()
        self._due = max(now + self._every, ended + (SHARE - 1) * (ended - now))
        return found

    def anew(self) -> None:
        """The lake is another: everything is looked at again."""
        self._since = Since()

    def _vault(self) -> Vault:
        if self._secrets is None:
            self._secrets = Secrets.open(self._folder, self._now, os.urandom)
        self._secrets.refresh()
        return self._secrets.vault()
