"""Questions that analysts ask. Each is a frozen struct, runs as one SQL statement, and has a typed answer."""

from warehouse.insights.anomaly import Anomaly, AnomalyAnswer, anomaly
from warehouse.insights.cause import Cause, CauseAnswer, cause
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.marketing.attribution import Attribution, attribution
from warehouse.insights.trend import Trend, TrendAnswer, trend

__all__ = [
    "Anomaly",
    "AnomalyAnswer",
    "Attribution",
    "BadQuestion",
    "Cause",
    "CauseAnswer",
    "Filter",
    "Selector",
    "Trend",
    "TrendAnswer",
    "UnknownName",
    "anomaly",
    "attribution",
    "cause",
    "trend",
]
