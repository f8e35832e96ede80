"""The same events cut two ways, and the reasons that make the numbers differ."""

import random
from datetime import date
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from sessionizer.errors import BadRules
from sessionizer.visits.cli import sessions
from sessionizer.visits.difference import Difference, difference
from sessionizer.visits.files import read_file
from sessionizer.visits.presets import PRESETS
from sessionizer.visits.rules import SessionRules
from tests.sessionizer.visits.test_kept import event, varied
from tests.sessionizer.world import Event, plain_lake, store

DAY = date(2026, 11, 5)


def compared(a: str, b: str, *events: Event) -> Difference:
    lake = plain_lake()
    store(lake, events)
    return difference(lake, PRESETS[a], PRESETS[b], [], DAY, DAY)


def test_each_further_session_is_told_by_its_reason() -> None:
    told = compared(
        "ga4",
        "universal-analytics",
        event(1, 0),
        event(2, 10, campaign_source="ads"),
        event(3, 40),
        event(4, 80),
    )
    assert (told.a.sessions, told.b.sessions, told.both) == (2, 4, 2)
    assert told.only_a == {}
    assert told.only_b == {"another campaign": 1, "a pause": 1}


def test_events_that_make_no_session_are_counted() -> None:
    told = compared("sojourn", "segment", event(1, 0, "track"), event(2, 1), event(3, 50, "track"))
    assert (told.a.events, told.a.uncounted, told.b.events, told.b.uncounted) == (3, 0, 1, 2)
    assert told.only_a == {"a pause": 1, "the first event of a device": 1}
    assert told.only_b == {"the first event of a device": 1}


def test_sessions_of_the_sdk_are_put_together_wherever_they_lie() -> None:
    told = compared(
        "ga4",
        "posthog",
        event(1, 0, properties='{"$session_id": "a"}'),
        event(2, 1, properties='{"$session_id": "b"}'),
        event(3, 2, properties='{"$session_id": "a"}'),
        event(4, 90, properties='{"$session_id": "a"}'),
    )
    assert (told.a.sessions, told.b.sessions) == (2, 2)
    assert told.only_b == {"another session of the SDK": 1}
    assert told.only_a == {"a pause": 1}


def test_sessions_without_a_page_are_told_apart() -> None:
    told = compared("sojourn", "snowplow", event(1, 0, "track"), event(2, 60))
    assert (told.a.sessions, told.b.sessions, told.b.pageless) == (2, 1, 1)


def test_without_events_there_is_nothing_to_tell() -> None:
    told = compared("sojourn", "ga4")
    assert (told.a.sessions, told.b.sessions, told.both, told.only_a) == (0, 0, 0, {})


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_event_is_in_a_session_or_counted_out(name: str) -> None:
    told = compared(name, "sojourn", *varied(random.Random(name), 120))
    assert told.a.events + told.a.uncounted == told.b.events + told.b.uncounted
    assert told.b.uncounted == 0


def test_rules_of_ones_own_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    path.write_text('{"name": "ours", "gap": 60, "day_of": "Asia/Shanghai"}')
    assert read_file(str(path)) == SessionRules("ours", gap=60, day_of="Asia/Shanghai")
    for text, told in (
        ('{"gap": 0}', r"\$\.gap"),
        ('{"gaps": 1}', "gaps"),
        ('{"day_of": "Mars/Olympus"}', "Mars/Olympus"),
        ("{", "truncated"),
    ):
        path.write_text(text)
        with pytest.raises(BadRules, match=told):
            read_file(str(path))
    with pytest.raises(BadRules, match="No such file"):
        read_file(str(tmp_path / "none.json"))


def test_the_command_lists_the_rules() -> None:
    told = CliRunner().invoke(sessions, ["rules", "--json"])
    assert msgspec.json.decode(told.stdout).keys() == PRESETS.keys()
    shown = CliRunner().invoke(sessions, ["rules"]).stdout
    assert "posthog" in shown
    assert "compare only" in shown
