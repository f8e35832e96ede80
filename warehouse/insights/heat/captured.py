"""What web SDKs tell of clicks and scrolling by themselves, and where in their events it stands.

A click's element comes as a selector (`main#shop > p:nth-of-type(2)`), as the elements from it outwards (a
JSON list), as such a list in one text (PostHog's `$elements_chain`), or as the tag and id alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

_POSTHOG, _MIXPANEL, _SENSORS = "context/posthog", "context/mixpanel", "context/sensors"
_AMPLITUDE, _SNOWPLOW = "context/amplitude", "context/snowplow"
# Points of many clicks in one event, by address; they name no elements.
POINTS: Final = "$$heatmap"
LEFT: Final = "$prev_pageview_pathname"


class Click(msgspec.Struct, frozen=True):
    """Where an event has what. The places are pointers: the column, then the names inside."""

    selector: str = ""
    tags: str = ""
    tree: str = ""
    chain: str = ""
    tag: str = ""
    id: str = ""
    label: str = ""
    href: str = ""
    x: str = ""
    y: str = ""
    width: str = ""
    kind: str = ""


def _mixpanel() -> Click:
    return Click(
        tree=f"{_MIXPANEL}/$elements",
        label=f"{_MIXPANEL}/$el_text",
        href=f"{_MIXPANEL}/$attr-href",
        x=f"{_MIXPANEL}/$pageX",
        y=f"{_MIXPANEL}/$pageY",
        width=f"{_MIXPANEL}/$viewportWidth",
    )


def _amplitude() -> Click:
    return Click(
        tree=f"{_AMPLITUDE}/[Amplitude] Element Hierarchy",
        label=f"{_AMPLITUDE}/[Amplitude] Element Text",
        href=f"{_AMPLITUDE}/[Amplitude] Element Href",
        width=f"{_AMPLITUDE}/[Amplitude] Viewport Width",
    )


def _posthog() -> Click:
    return Click(
        tree=f"{_POSTHOG}/$elements",
        chain=f"{_POSTHOG}/$elements_chain",
        label=f"{_POSTHOG}/$el_text",
        width=f"{_POSTHOG}/$viewport_width",
        kind=f"{_POSTHOG}/$event_type",
    )


CLICKS: Final[Mapping[str, Click]] = {
    "Element Clicked": Click(
        selector="properties/element",
        href="properties/href",
        x="properties/x",
        y="properties/y",
        width="properties/viewport_width",
    ),
    "$autocapture": _posthog(),
    "[Amplitude] Element Clicked": _amplitude(),
    "$mp_click": _mixpanel(),
    "$WebClick": Click(
        selector=f"{_SENSORS}/$element_selector",
        tags=f"{_SENSORS}/$element_path",
        label=f"{_SENSORS}/$element_content",
        href=f"{_SENSORS}/$element_target_url",
        x=f"{_SENSORS}/$page_x",
        y=f"{_SENSORS}/$page_y",
        width=f"{_SENSORS}/$viewport_width",
    ),
    "link_click": Click(
        tag="a", id="properties/elementId", label="properties/elementContent", href="properties/targetUrl"
    ),
    "button_click": Click(tag="button", id="properties/id", label="properties/label"),
}
# Clicks after which nothing changed on the page, as the SDK itself saw it.
DEAD: Final[Mapping[str, Click]] = {
    "$dead_click": _posthog(),
    "[Amplitude] Dead Click": _amplitude(),
    "$mp_dead_click": _mixpanel(),
}
# How far down a page was seen, 0 to 100 percent of it, as SQL over the event `e`.
DEPTHS: Final[Mapping[str, str]] = {
    "Page Engaged": "{properties/scroll_percent}",
    "$mp_scroll": f"{{{_MIXPANEL}/$scroll_percentage}}",
    "scroll": "{properties/percent_scrolled}",
    "page_ping": (
        "100 * (coalesce({properties/max_y}, 0) + TRY_CAST(split_part({"
        + _SNOWPLOW
        + "/vp:text}, 'x', 2) AS DOUBLE)) / nullif(TRY_CAST(split_part({"
        + _SNOWPLOW
        + "/ds:text}, 'x', 2) AS DOUBLE), 0)"
    ),
    "$pageleave": (
        f"100 * coalesce({{{_POSTHOG}/$prev_pageview_max_content_percentage}},"
        f" {{{_POSTHOG}/$prev_pageview_max_scroll_percentage}})"
    ),
}
