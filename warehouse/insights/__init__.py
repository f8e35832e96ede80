"""Questions that analysts ask. Each is a frozen struct, runs as one SQL statement, and has a typed answer."""

from warehouse.insights.anomaly import Anomaly, anomaly
from warehouse.insights.cause import Cause, cause
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.funnel import Funnel, funnel
from warehouse.insights.lifecycle import Lifecycle, lifecycle
from warehouse.insights.marketing.attribution import Attribution, attribution
from warehouse.insights.retention import Retention, retention
from warehouse.insights.service import Service, service
from warehouse.insights.stickiness import Stickiness, stickiness
from warehouse.insights.survey import Survey, survey
from warehouse.insights.trend import Trend, trend

__all__ = [
    "Anomaly",
    "Attribution",
    "BadQuestion",
    "Cause",
    "Filter",
    "Funnel",
    "Lifecycle",
    "Retention",
    "Selector",
    "Service",
    "Stickiness",
    "Survey",
    "Trend",
    "UnknownName",
    "anomaly",
    "attribution",
    "cause",
    "funnel",
    "lifecycle",
    "retention",
    "service",
    "stickiness",
    "survey",
    "trend",
]
