"""Judgements and alerts in the registry: whole or not at all, once, whatever kills the writer."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.registry.alerts import Judgement, Kept
from warehouse.registry.watches import PublishedWatch

HOUR = 3_600_000_000
CAUSES = {0: [{"fields": ["country"], "values": ["DE"], "score": 4.5}]}


def interval(number: int, value: float | None = 1.0, verdict: str = "usual", n: float = 200.0) -> Judgement:
    alarm = {"test": "limit", "direction": "up", "severity": "warning"} if verdict == "alarm" else {}
    told: dict[str, Any] = {"high": 2.0, "verdict": verdict, **alarm}
    return Judgement(number * HOUR, (number + 1) * HOUR, value, n, **told)


def opened(folder: Path) -> tuple[Registry, PublishedWatch]:
    registry = Registry.open(folder / "registry.sqlite", now=lambda: 7)
    return registry, registry.publish_watch("shop", "cvr", "{}", "lin")


def kept(registry: Registry, watch: PublishedWatch, found: Sequence[Judgement]) -> Kept:
    return registry.keep_judgements(watch, found, CAUSES, 5)


FOUND = [interval(0, 3.0, "alarm"), interval(1, 4.0, "alarm"), interval(2), interval(3, 5.0, "alarm")]


def contents(registry: Registry) -> list[Any]:
    tables = ("watched", "alerts", "alert_changes", "watch_progress")
    return [registry._all(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in tables]


def test_killed_at_any_statement_it_ends_the_same(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole, watch = opened(tmp_path / "whole")
    assert kept(whole, watch, FOUND) == Kept(judged=4, raised=3, recovered=2)
    expected = contents(whole)
    killed = 0
    for statement in range(1, 100):
        folder = tmp_path / str(statement)
        folder.mkdir()
        if not _killed_at(statement, folder):
            break
        killed += 1
        registry, watch = opened(folder)
        assert contents(registry) in ([[], [], [], []], expected), statement
        kept(registry, watch, FOUND)
        assert contents(registry) == expected, statement
    assert killed >= 12


def _killed_at(statement: int, folder: Path) -> bool:
    """Whether a program that keeps them got so far; it is killed just before that statement."""
    child = os.fork()
    if not child:
        registry, watch = opened(folder)
        left = iter(range(statement))

        def count(_: str) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        registry._con.set_trace_callback(count)
        kept(registry, watch, FOUND)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, FOUND)
    before = contents(registry)
    assert kept(registry, watch, FOUND) == Kept()
    assert contents(registry) == before


def test_an_alert_that_was_corrected_away_can_come_back(tmp_path: Path) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, [interval(0, 3.0, "alarm")])
    assert kept(registry, watch, [interval(0, 1.5)]) == Kept(corrected=1)
    assert kept(registry, watch, [interval(0, 3.5, "alarm")]) == Kept(corrected=1)
    (alert,) = registry.alerts()
    assert [one.state for one in alert.changes] == ["closed", "open"]
    assert (alert.state, alert.value, alert.causes) == ("open", 3.0, CAUSES[0])


@pytest.mark.parametrize("changed", [interval(0, 1.0, n=201.0), interval(0, None), interval(0, 1.0 + 1e-6)])
def test_another_number_is_a_correction(tmp_path: Path, changed: Judgement) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, [interval(0)])
    assert kept(registry, watch, [interval(0, 1.0 + 1e-12)]) == Kept()
    assert kept(registry, watch, [changed]) == Kept(corrected=1)


def test_what_is_not_known_recovers_nothing(tmp_path: Path) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, [interval(0, 3.0, "alarm"), interval(1, None, "unknown")])
    assert registry.open_alerts() == {("warning", "open"): 1}
    assert registry.alive_alerts("shop", "cvr") == 1
    later = registry.publish_watch("shop", "cvr", "{ }", "lin")
    other = registry.publish_watch("shop", "other", "{}", "lin")
    assert kept(registry, other, [interval(9)]).recovered == 0
    assert kept(registry, later, [interval(2)]).recovered == 1


def test_what_a_person_closed_stays_closed(tmp_path: Path) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, FOUND[:1])
    (alert,) = registry.alerts(state="open", watch="cvr", project="shop")
    assert registry.change_alert(alert.no, "closed", by="lin", reason="a test").state == "closed"
    assert kept(registry, watch, [interval(1)]).recovered == 0
    with pytest.raises(RegistryError, match="closed already"):
        registry.change_alert(alert.no, "closed", by="lin", reason="again")
    with pytest.raises(RegistryError, match="there is no alert 9"):
        registry.alert(9)


def test_alerts_are_listed_the_newest_first(tmp_path: Path) -> None:
    registry, watch = opened(tmp_path)
    kept(registry, watch, FOUND)
    assert [one.at // HOUR for one in registry.alerts()] == [3, 1, 0]
    assert [one.at // HOUR for one in registry.alerts(since=HOUR, limit=1)] == [3]
    assert [one.at // HOUR for one in registry.alerts(state="closed")] == [1, 0]
    assert registry.alerts(watch="other") == registry.alerts(project="other") == []
