"""Watches and alerts as pages: published, paused, removed, looked into, closed."""

from __future__ import annotations

from html import unescape

import pytest

from tests.console.conftest import CHEAP, NOW, Visitor
from warehouse.access.scope import Scope
from warehouse.registry.alerts import Judgement

DAY = 86_400_000_000
WATCH = "/alerts/watch?project=shop&name=views"
CAUSES = [
    {"fields": ["country"], "values": ["<b>"], "before": 9.0, "after": 3.0, "change": -6.0, "score": None}
]


@pytest.fixture
def watching(visitor: Visitor) -> Visitor:
    """Ten days of a watch, the last of which is an alert."""
    visitor.registry.create_key("shop")
    fields = {"project": "shop", "name": "views", "event": "Product Viewed", "above": "40", "seasonal": ""}
    assert visitor.post("/alerts", fields).status_code == 303
    (watch,) = visitor.registry.watches()
    found = [
        Judgement(NOW - (10 - n) * DAY, NOW - (9 - n) * DAY, 10.0 + n, 200.0, 12.0, 5.0, 40.0, None, "usual")
        for n in range(9)
    ]
    alarm = Judgement(NOW - DAY, NOW, 70.0, 200.0, 12.0, 5.0, 40.0, None, "alarm", "limit", "up", "critical")
    visitor.registry.keep_judgements(watch, [*found, alarm], {alarm.at: CAUSES}, 5)
    return visitor


def test_alerts_are_shown_with_their_series_and_causes(watching: Visitor) -> None:
    page = watching.get("/alerts").text
    assert 'href="/alerts/1"' in page
    assert "Critical" in page
    assert 'href="/alerts/1"' not in watching.get("/alerts?state=closed").text
    page = watching.get("/alerts/1").text
    assert '"marked":[9]' in page
    assert '"band":["low","high"]' in page
    assert "country = &lt;b&gt;" in page
    page = watching.get(WATCH).text
    assert "events:\n  - Product Viewed" in page
    assert "above: 40.0" in page
    assert [
        watching.get(f"/alerts/{one}").status_code for one in ("9", "x", "watch?project=shop&name=x")
    ] == [404] * 3


def test_an_alert_is_closed_with_a_reason(watching: Visitor) -> None:
    assert watching.post("/alerts/1", {"state": "closed"}).status_code == 400
    assert watching.post("/alerts/1", {"state": "gone", "reason": "x"}).status_code == 400
    assert watching.post("/alerts/1", {"state": "closed", "reason": "a sale <b>"}).status_code == 303
    page = watching.get("/alerts/1").text
    assert "a sale &lt;b&gt;" in page
    again = watching.post("/alerts/1", {"state": "closed", "reason": "x"})
    assert (again.status_code, "closed already" in again.text) == (400, True)
    assert watching.registry.alert(1).changes[-1].by == "demo"
    assert any(line.action == "alert.closed" for line in watching.registry.audited(9))


def test_a_watch_is_paused_resumed_and_removed(watching: Visitor) -> None:
    of = {"project": "shop", "name": "views"}
    watching.post("/alerts", {**of, "do": "pause"})
    assert 'value="resume"' in watching.get(WATCH).text
    watching.post("/alerts", {**of, "do": "resume"})
    assert 'value="pause"' in watching.get(WATCH).text
    watching.post("/alerts", {**of, "do": "remove"})
    assert watching.get(WATCH).status_code == 404
    assert watching.registry.alerts() == []
    assert watching.registry.watches() == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "Bad Name", "above": "1"}, "small letters"),
        ({"name": "x"}, "one of seasonal, above, below or changed"),
        ({"name": "x", "above": "many"}, "above 'many': a number would do"),
        ({"name": "x", "above": "1", "every": "year"}, "every"),
        ({"do": "text", "text": "a: ["}, "line"),
        ({"do": "pause", "name": "none"}, "has no watch 'none'"),
        ({"name": "x", "above": "1", "project": "other"}, "no project 'other'"),
    ],
    ids=range(7),
)
def test_what_cannot_be_watched_is_refused(watching: Visitor, fields: dict[str, str], says: str) -> None:
    answer = watching.post("/alerts", {"project": "shop", **fields})
    assert (answer.status_code, says in unescape(answer.text)) == (400, True), answer.text


def test_alerts_are_for_those_who_see_everybody(watching: Visitor) -> None:
    shut = Visitor(watching.data, console_open=False)
    for name, role, scope in (
        ("vic", "viewer", Scope()),
        ("li", "sales", Scope(attributes={"owner": ("li",)})),
    ):
        shut.registry.create_user(name, role, "test", password=CHEAP.hash("two green kettles"), scope=scope)
    shut.signed_in("vic", "two green kettles")
    page = shut.get("/alerts/1")
    assert (page.status_code, 'method="post" action="/alerts' in page.text) == (200, False)
    assert shut.post("/alerts/1", {"state": "closed", "reason": "x"}).status_code == 403
    shut.signed_in("li", "two green kettles")
    assert [shut.get(place).status_code for place in ("/alerts", "/alerts/1", WATCH)] == [403] * 3
    shut.registry.close()
