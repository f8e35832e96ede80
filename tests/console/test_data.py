"""The data page: books, refused events and their replay, what is unusual, plans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.console.conftest import CHEAP, Visitor
from tests.warehouse.lakes import NOON, Site, event
from warehouse.counted import Counted, write_counted


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Visitor]:
    """A lake with two refused events of one kind."""
    site = Site(tmp_path)
    bad = {
        "verdict": "rejected",
        "reason": "plan_violation",
        "pointer": "/properties/price",
        "expected": "a number <of> cents",
        "raw": "{}",
    }
    site.land([event(f"m{n}", event="Order <b>", **bad) for n in range(2)])
    site.load_all()
    found = Visitor(tmp_path)
    found.clock = NOON
    yield found
    found.registry.close()


def test_the_books_are_shown_and_alarm_where_they_are_open(shop: Visitor) -> None:
    assert "Not counted yet" in shop.get("/data").text
    terms = {
        "received": 1_234,
        "stored": 1_230,
        "duplicate": 4,
        "rejected": 0,
        "filtered": 0,
        "damaged": 0,
        "pending": 0,
    }
    write_counted(shop.registry, Counted(NOON, NOON - 1, terms, 0, []))
    page = shop.get("/data").text
    assert "<strong>1,234</strong>" in page
    assert 'role="alert"' not in page
    write_counted(shop.registry, Counted(NOON, NOON - 1, terms, 3, []))
    assert "sojourn check" in shop.get("/data").text


def test_what_is_unusual_comes_with_what_to_do(shop: Visitor) -> None:
    page = shop.get("/data/quality").text
    assert "2026-11-2" in page


def test_before_the_first_load_it_says_so(visitor: Visitor) -> None:
    for path in ("/data/refused", "/data/quality"):
        assert "No data yet" in visitor.get(path).text
    assert visitor.get("/data?days=x").status_code == 200


def test_a_replay_is_filed_for_the_writer(shop: Visitor) -> None:
    fields = {"code": "plan_violation", "event": "Order <b>", "days": "7", "dry_run": "yes"}
    assert shop.post("/data/replay", fields).headers["location"] == "/data#commands"
    (command,) = shop.registry.commands()
    assert (command.kind, command.filed_by, command.state) == ("replay", "demo", "queued")
    week = 7 * 86_400_000_000
    assert command.args == {
        "code": "plan_violation",
        "event": "Order <b>",
        "since": NOON - week,
        "dry_run": True,
    }
    shop.registry.finish_command(command.id, "done", {"moved": 5})
    page = unescape(shop.get("/data").text)
    assert "moved: 5" in page
    assert shop.post("/data/replay", {"code": "", "days": "7"}).status_code == 400
    assert shop.post("/data/replay", {"code": "x", "days": "9"}).status_code == 400


def test_it_is_for_those_who_may_see_events_as_they_were_sent(data: Path) -> None:
    shut = Visitor(data, console_open=False)
    if all(one.name != "sal" for one in shut.registry.users()):
        shut.registry.create_user("sal", "sales", "test", password=CHEAP.hash("two green kettles"))
    shut.signed_in("sal", "two green kettles")
    assert shut.get("/data").status_code == 403
    assert shut.get("/data/refused").status_code == 403
    assert shut.post("/data/replay", {"code": "x", "days": "7"}).status_code == 403
    shut.registry.close()


def test_refused_events_stand_by_what_was_wrong(refusing: Visitor) -> None:
    page = refusing.get("/data/refused?days=7").text
    assert "Order &lt;b&gt;" in page
    assert "a number &lt;of&gt; cents" in page
    assert "/properties/price" in page
    assert re.search(r"<td><a [^>]*>2</a></td>", page)
    assert 'value="plan_violation"' in page
