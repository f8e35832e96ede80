"""The page of destinations: how each is, for those who may know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.conftest import CHEAP, NOW, Visitor
from warehouse.access.scope import Scope
from warehouse.registry.destinations import State

SECOND = 1_000_000


@pytest.fixture
def told(visitor: Visitor) -> Visitor:
    """One that is well, one that fails, one that was never tried, and one that nobody tries any more."""
    registry = visitor.registry
    states = {
        "all-well": State(worked_at=NOW - 9 * SECOND, complete_until=NOW - 70 * SECOND, rows=12_345),
        "down": State(failing_since=NOW - 7_200 * SECOND, failures=30, error="no <route>", next_at=NOW + 5),
        "new": State(),
        "quiet": State(worked_at=NOW - 900 * SECOND, complete_until=NOW - 7_300 * SECOND),
    }
    for name, state in states.items():
        registry.put_destination(name, f"postgresql://me@{name}/bi", "{}", 60.0, "", "me")
        registry.note_destination(name, state)
    return visitor


def test_each_tells_how_it_is(told: Visitor) -> None:
    page = told.get("/destinations").text
    names = ("all-well", "down", "new", "quiet")
    rows = {name: page.split(f"@{name}/bi")[1].split("</tr>")[0] for name in names}
    assert "12,345" in rows["all-well"]
    assert ">Well<" in rows["all-well"]
    assert "1 minute" in rows["all-well"]
    assert ">Failing<" in rows["down"]
    assert "no &lt;route&gt;" in rows["down"]
    assert "Failed 30 times" in rows["down"]
    assert ">Not yet tried<" in rows["new"]
    assert ">Nobody publishes<" in rows["quiet"]
    assert "2 hours" in rows["quiet"]
    assert page.index("@down/") < page.index("@all-well/")
    assert "连续失败 30 次" in told.get("/destinations", {"Accept-Language": "zh"}).text


def test_one_is_tried_at_once(told: Visitor) -> None:
    assert told.post("/destinations", {"name": "down"}).status_code == 303
    state = told.registry.destination("down").state
    assert (state.next_at, state.failures) == (0, 30)
    assert told.post("/destinations", {"name": "nothing"}).status_code == 404


def test_who_may_know(tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, console_open=False)
    scopes = {"vic": Scope(), "ana": Scope(), "li": Scope(attributes={"owner": ("li",)})}
    for name, scope in scopes.items():
        role = "viewer" if name == "vic" else "analyst"
        visitor.registry.create_user(
            name, role, "test", password=CHEAP.hash("two green kettles"), scope=scope
        )
    seen = {}
    for name in scopes:
        visitor.signed_in(name, "two green kettles")
        seen[name] = visitor.get("/destinations").status_code
        visitor.cookies.clear()
    assert seen == {"vic": 403, "ana": 200, "li": 403}
    visitor.registry.close()
