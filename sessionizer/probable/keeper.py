"""Keeps what is probable in step with the settings, and matches from time to time."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from sessionizer.deciding import holding
from sessionizer.logs import Report
from sessionizer.probable import edges
from sessionizer.probable.edges import Limits
from sessionizer.probable.run import MatchReport, match_all
from sessionizer.probable.settings import limits_of, require_on
from sessionizer.settings import SessionizerSettings
from warehouse.lake import Lake
from warehouse.registry import Registry

IN_USE: Final = "probable_in_use"
MATCHED_AT: Final = "probable_matched_at"
_OFF: Final = "off"


class Keeper:
    """Use it from the writer's thread."""

    def __init__(self, registry: Registry, settings: SessionizerSettings, report: Report) -> None:
        self._registry, self._settings, self._report = registry, settings, report
        self.limits: Limits | None = limits_of(settings) if settings.probable_identity else None
        self._settled = False

    def settle(self, lake: Lake) -> None:
        """Once after a start: what is off is taken out, and other limits decide anew."""
        if self._settled:
            return
        text = msgspec.json.encode(self.limits).decode() if self.limits else _OFF
        if text != self._registry.setting(IN_USE, _OFF):
            with lake.transaction():
                if self.limits is None:
                    edges.forget(lake)
                else:
                    edges.redecide(lake, self.limits, holding(self._registry))
            self._registry.set_setting(IN_USE, text)
            self._registry.set_setting(MATCHED_AT, "0")
            self._report("info", "probable identity", {"switched": _OFF if self.limits is None else "on"})
        self._settled = True

    def is_due(self, moment: int) -> bool:
        """`moment` in µs UTC."""
        if self.limits is None or not self._settings.probable_every:
            return False
        last = int(self._registry.setting(MATCHED_AT, "0") or 0)
        return moment >= last + int(self._settings.probable_every * 1e6)

    def match(self, lake: Lake, moment: int, threads: int) -> MatchReport:
        """Compare all customers now. ProbableOff, ProbableMissing."""
        require_on(self._settings)
        self._registry.set_setting(MATCHED_AT, str(moment))
        limits = self.limits or Limits()
        decisions = holding(self._registry)
        return match_all(lake, limits, threads=threads, progress=self._tell, decisions=decisions)

    def start_anew(self) -> None:
        """The lake was made anew: what was probable is gone with it."""
        self._registry.set_setting(MATCHED_AT, "0")

    def _tell(self, step: str) -> None:
        fields: dict[str, Any] = {"step": step}
        self._report("info", "matching", fields)
