"""Questions that analysts ask. Each is a frozen struct, runs as one SQL statement, and has a typed answer."""

from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.retention import Retention, retention
from warehouse.insights.trend import Trend, trend

__all__ = [
    "BadQuestion",
    "Filter",
    "Retention",
    "Selector",
    "Trend",
    "UnknownName",
    "retention",
    "trend",
]
