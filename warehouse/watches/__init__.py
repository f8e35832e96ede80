"""Metrics on a schedule: what is watched, how each interval is judged, and who looks."""

from warehouse.watches.definition import Alarm, Season, Watch, read_watch
from warehouse.watches.looking import Looked, look, rehearse

__all__ = ["Alarm", "Looked", "Season", "Watch", "look", "read_watch", "rehearse"]
