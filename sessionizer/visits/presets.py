"""How other tools cut sessions, as far as their documents and their code say. Names are theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sessionizer.errors import BadRules
from sessionizer.visits.rules import HOUR, MINUTE, OURS, SessionRules

_ALL: Final = (
    OURS,
    # Google's help on sessions: 30 minutes, nothing at midnight, nothing at a campaign.
    SessionRules("ga4"),
    # Universal Analytics: also midnight in the property's zone, and a change of campaign.
    SessionRules("universal-analytics", campaign=True, day_of="UTC", at_gap=True),
    # Snowplow: the tracker's own session, the warehouse only groups by it; no page, no session; 3 days.
    SessionRules("snowplow", sdk_sessions=True, needs_page=True, longest=72 * HOUR),
    # PostHog: the SDK's session; where there is none, what the SDK would do: 30 minutes, and a day at most.
    SessionRules("posthog", sdk_sessions=True, at_gap=True, longest=24 * HOUR),
    # Amplitude: 30 minutes in browsers, 5 in apps.
    SessionRules("amplitude", mobile_gap=5 * MINUTE, at_gap=True),
    # dbt-labs/segment: pages only, a pause of exactly 30 minutes does not end a session.
    SessionRules("segment", counts="pages"),
    # RudderStack's dbt package: whole minutes, so that 30 minutes and 59 seconds are no more than 30.
    SessionRules("rudderstack", whole_minutes=True),
    # Sensors Analytics: 30 minutes by default, and never over midnight.
    SessionRules("sensors", day_of="Asia/Shanghai"),
    # Volcengine DataFinder: 30 minutes, midnight, and a page opened from another site.
    SessionRules("volcengine", day_of="Asia/Shanghai", referrer=True),
    # Tealium: 30 minutes in browsers, 2 in apps, 10 while there is one event only, a day at most.
    SessionRules("tealium", mobile_gap=2 * MINUTE, lone_gap=10 * MINUTE, longest=24 * HOUR),
)

PRESETS: Final[Mapping[str, SessionRules]] = {rules.name: rules for rules in _ALL}


def preset(name: str) -> SessionRules:
    """The rules of this name. BadRules where there are none."""
    if name not in PRESETS:
        raise BadRules(f"there are no session rules {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]


def chosen(name: str) -> SessionRules:
    """Rules by which sessions are to be kept. BadRules where there are none, or they can only be compared."""
    rules = preset(name)
    if not rules.kept:
        kept = ", ".join(other.name for other in PRESETS.values() if other.kept)
        raise BadRules(
            f"SOJOURN_SESSION_RULES={name}: such sessions can be compared (sojourn sessions diff), not kept; "
            f"{kept} can be"
        )
    return rules
