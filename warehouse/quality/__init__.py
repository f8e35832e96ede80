"""The quality report: what changed in the events of each kind and day, measured against their own past."""

from warehouse.quality.answer import Finding, Quality
from warehouse.quality.report import Asked, quality

__all__ = ["Asked", "Finding", "Quality", "quality"]
