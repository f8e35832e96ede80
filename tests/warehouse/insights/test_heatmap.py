"""Heat maps: what SDKs tell of one click is one element; bursts, depths, devices, places, hostile texts."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.sessionizer.world import START, Event
from tests.warehouse.insights.asked_lake import NOW, complete, lake_of
from warehouse.insights.errors import BadQuestion, UnknownName
from warehouse.insights.heat.heatmap import Heatmap, HeatmapAnswer, heatmap
from warehouse.lake import Lake

RANGE: Any = {"since": "2026-11-05", "until": "2026-11-09"}
SECOND, BUY, TWO = 1_000_000, "main#shop > div:nth-of-type(1) > button:nth-of-type(1)", "button#two"
_numbers: Iterator[int] = count(1)


def told(at_s: float, device: str, event: str | None, path: str | None, **more: Any) -> Event:
    """An event `at_s` seconds after the start; without a name a page view."""
    number = next(_numbers)
    texts = {name: json.dumps(value) for name, value in more.items() if name in ("properties", "context")}
    other = {name: value for name, value in more.items() if name not in texts}
    kind = "track" if event else "page"
    at = START + round(at_s * SECOND)
    return Event(
        number,
        at,
        f"m{number}",
        kind,
        device,
        page_path=path,
        event=event,
        **{"dialect": "web"} | texts | other,
    )


def own(at_s: float, device: str, element: str, path: str = "/", **more: Any) -> Event:
    return told(at_s, device, "Element Clicked", path, properties={"element": element, **more})


# The same two elements as the SDKs say it: what they sent was taken down from a browser.
PLACES = [
    {"tag": "button", "index": 0, "indexOfType": 0, "classes": ["buy", "now"]},
    {"tag": "div", "index": 1, "indexOfType": 0, "prevSib": "nav", "classes": ["row"]},
    {"tag": "main", "index": 0, "indexOfType": 0, "id": "shop", "classes": ["wide"]},
    {"tag": "body", "index": 1, "indexOfType": 0},
]
NTH = [
    {"$classes": ["buy"], "$tag_name": "button", "$nth_child": 1, "$nth_of_type": 1},
    {"$classes": ["row"], "$tag_name": "div", "$nth_child": 2, "$nth_of_type": 1},
    {"$classes": [""], "$tag_name": "main", "$id": "shop", "$nth_child": 1, "$nth_of_type": 1},
    {"$classes": [""], "$tag_name": "body", "$nth_child": 2, "$nth_of_type": 1},
]
TREE = [{name[1:]: value for name, value in one.items() if name != "$id"} for one in NTH]
TREE[2]["attr__id"] = "shop"
CHAIN = (
    'button.buy.now:attr__class="buy now"nth-child="1"nth-of-type="1"text="a; \\"b\\" nth-of-type=\\"7\\"";'
    'div.row:attr__class="row"nth-child="2"nth-of-type="1";main.wide:attr__id="shop"nth-child="1"nth-of-type="1";'
    'body:nth-child="2"nth-of-type="1"'
)
SAID = [
    ("Element Clicked", {"element": "main#shop.wide:nth-of-type(1) > div.row:nth-of-type(1) > "
                         "button.buy.md\\:now:nth-of-type(1)"}, {}),
    ("$autocapture", {}, {"posthog": {"$event_type": "click", "$elements_chain": CHAIN}}),
    ("$autocapture", {}, {"posthog": {"$event_type": "click", "$elements": TREE}}),
    ("[Amplitude] Element Clicked", {}, {"amplitude": {"[Amplitude] Element Hierarchy": PLACES}}),
    ("$mp_click", {}, {"mixpanel": {"$elements": NTH, "$pageX": 5, "$pageY": 25, "$viewportWidth": 1280}}),
    ("$WebClick", {}, {"sensors": {
        "$element_selector": "#shop > div:nth-of-type(1) > button:nth-of-type(1)",
        "$element_path": "main#shop > div > button", "$page_x": 5, "$page_y": 25, "$viewport_width": 1280}}),
]  # fmt: skip
OTHERS = [
    ("$WebClick", {}, {"sensors": {"$element_selector": "#two", "$element_path": "button#two"}}, TWO),
    ("button_click", {"id": "two", "label": "Two"}, {}, TWO),
    ("link_click", {"targetUrl": "https://a.example/teas/7?x=1#y"}, {}, "a[/teas/7]"),
    ("$autocapture", {}, {"posthog": {"$event_type": "change", "$elements_chain": CHAIN}}, None),
    ("$mp_click", {}, {"mixpanel": {"$elements": "none"}}, None),
    ("Element Clicked", {"element": 7}, {}, "7"),
]


@pytest.fixture(scope="module")
def said() -> Lake:
    """Each way of telling on a path of its own."""
    listed = [*((*one, BUY) for one in SAID), *OTHERS]
    return lake_of(
        told(number, f"d{number}", event, f"/{number}", properties=properties, context=context)
        for number, (event, properties, context, _) in enumerate(listed)
    )


@pytest.mark.parametrize("number", range(len(SAID) + len(OTHERS)))
def test_an_element_is_the_same_by_whichever_sdk(said: Lake, number: int) -> None:
    wanted = [*(BUY for _ in SAID), *(one[3] for one in OTHERS)][number]
    found = heatmap(said, Heatmap(**RANGE, page=f"/{number}"), NOW)
    assert [one.element for one in found.elements] == ([wanted] if wanted else [])


@pytest.fixture(scope="module")
def page() -> Lake:
    """Two people on a page: bursts, depths of three views, a phone, and one who is elsewhere."""
    at: dict[str, Any] = {"x": 640, "y": 320, "viewport_width": 1280}
    phone: dict[str, Any] = {
        "x": 390,
        "y": 800,
        "viewport_width": 400,
        "href": "https://shop.example/a?token=7#b",
    }
    left = {"$prev_pageview_max_content_percentage": 0.91, "$prev_pageview_pathname": "/"}
    points = [{"x": 5, "y": 25, "type": "click"}, {"x": 9, "y": 9, "type": "mousemove"}]
    elsewhere = {"https://a.example/other": points, "https://a.example/?q": points}
    return lake_of(
        [
            told(0, "a", None, "/", device_type="desktop"),
            *(own(1 + number * 0.9, "a", "p.hot > b:nth-of-type(2)", **at) for number in range(4)),
            *(own(60 + number * 1.1, "a", "p > b:nth-of-type(2)", **at) for number in range(3)),
            told(70, "a", "Page Engaged", "/", properties={"scroll_percent": 40}),
            told(80, "a", "Page Engaged", "/", properties={"scroll_percent": 65}),
            told(90, "a", None, "/", device_type="desktop"),
            own(91, "b", "i#x", **phone),
            told(92, "b", None, "/", device_type="mobile", dialect="posthog"),
            told(99, "b", None, "/", device_type="mobile", dialect="posthog", context={"posthog": left}),
            own(100, "b", "<script>" + "\u202e" * 9_000, "/%_*"),
            own(101, "c", "i#y", "/elsewhere"),
            told(
                102,
                "c",
                "$$heatmap",
                "/",
                dialect="posthog",
                context={"posthog": {"$viewport_width": 1280, "$heatmap_data": elsewhere}},
            ),
            told(103, "b", "$mp_dead_click", "/", context={"mixpanel": {"$elements": NTH}}),
            told(104, "c", "Page Engaged", "/", properties={"scroll_percent": 5}),
        ]
    )


def asked(lake: Lake, **fields: Any) -> HeatmapAnswer:
    return heatmap(lake, Heatmap(**RANGE, **fields), NOW)


def test_elements_are_counted_with_their_bursts(page: Lake) -> None:
    found = asked(page)
    assert (found.page, found.clicks, found.unplaced, found.views, found.n) == ("/", 8, 0, 4, 2)
    told = [(one.element, one.clicks, one.units, one.rage, one.dead) for one in found.elements]
    assert told == [("p > b:nth-of-type(2)", 7, 1, 1, 0), ("i#x", 1, 1, 0, 0), (BUY, 0, 1, 0, 1)]
    first, second, _ = found.elements
    assert (first.share, first.x, first.y, first.label) == (7 / 8, 0.5, 320, "b:nth-of-type(2)")
    assert (second.href, second.x) == ("https://shop.example/a", 0.975)
    assert asked(page, rage="1s").elements[0].rage == 0
    assert asked(page, rage="3s").elements[0].rage == 2


def test_depths_are_those_of_views(page: Lake) -> None:
    found = asked(page)
    assert found.measured == 2
    assert [one.views for one in found.depths] == [2, 2, 2, 2, 2, 2, 1, 1, 1, 0]
    assert found.depths[6].share == 0.5


def test_devices_are_told_by_their_width(page: Lake) -> None:
    assert {(one.device, one.clicks, one.views) for one in asked(page).devices} == {
        ("desktop", 7, 2),
        ("phone", 1, 2),
    }
    found = asked(page, device="phone")
    assert (found.clicks, found.views, [one.element for one in found.elements]) == (1, 2, ["i#x"])
    assert len(found.devices) == 2


def test_places_are_squares_of_the_width(page: Lake) -> None:
    found = {(one.column, one.row): one.clicks for one in asked(page).spots}
    assert found == {(20, 10): 7, (39, 80): 1, (0, 0): 1}


def test_pages_are_listed_and_stand_for_themselves(page: Lake) -> None:
    found = asked(page, page="/%_*")
    assert [(one.page, one.clicks, one.views) for one in found.pages] == [
        ("/", 8, 4),
        ("/%_*", 1, 0),
        ("/elsewhere", 1, 0),
    ]
    assert found.clicks == 1
    assert len(found.elements[0].element) <= 500
    assert asked(page, page="/*").clicks == 10
    assert asked(page, page="/else*").clicks == 1
    assert asked(page, page="/nothing").n == 0


def test_maturity_and_bad_questions(page: Lake) -> None:
    complete(page, START + 9 * 86_400 * SECOND)
    found = asked(page)
    assert found.n_mature == found.n
    for fields, says in (
        ({"page": ""}, "page: a path"),
        ({"page": "/\0"}, "NUL"),
        ({"top": 0}, "top: 1 to 1000"),
        ({"rage": "soon"}, "rage 'soon'"),
    ):
        with pytest.raises(BadQuestion, match=says):
            asked(page, **fields)
    with pytest.raises(UnknownName, match="project"):
        asked(page, project="nowhere")


def test_the_statement_told_gives_the_answer_again(page: Lake) -> None:
    found = asked(page, page="/", device="phone")
    rows = page.query(found.sql)
    assert [row[4] for row in rows if row[0] == 1] == [one.clicks for one in found.elements]


def test_filters_say_whose_clicks(page: Lake) -> None:
    found = asked(page, page="*", where=("anonymous_id = c",))
    assert [one.element for one in found.elements] == ["i#y"]
