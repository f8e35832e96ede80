"""What the settings say of probable identity."""

from __future__ import annotations

from sessionizer.errors import ProbableOff
from sessionizer.identity import read_rules
from sessionizer.probable.edges import Limits
from sessionizer.settings import SessionizerSettings


def limits_of(settings: SessionizerSettings) -> Limits:
    """The threshold, and the limits that the rules of identity set whatever the days."""
    kinds = read_rules(settings.identity_rules).kinds
    most = {kind.name: kind.limit for kind in kinds if kind.limit is not None and kind.window_days is None}
    return Limits(settings.probable_threshold, most)


def require_on(settings: SessionizerSettings) -> None:
    """ProbableOff unless it is switched on."""
    if not settings.probable_identity:
        raise ProbableOff(
            "SOJOURN_PROBABLE_IDENTITY is false; set it to true where the writer runs, then match again"
        )
