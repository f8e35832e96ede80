"""What the settings say of probable identity."""

from __future__ import annotations

from sessionizer.errors import ProbableOff
from sessionizer.probable.edges import Limits
from sessionizer.settings import SessionizerSettings


def limits_of(settings: SessionizerSettings) -> Limits:
    return Limits(threshold=settings.probable_threshold)


def require_on(settings: SessionizerSettings) -> None:
    """ProbableOff unless it is switched on."""
    if not settings.probable_identity:
        raise ProbableOff(
            "SOJOURN_PROBABLE_IDENTITY is false; set it to true where the writer runs, then match again"
        )
