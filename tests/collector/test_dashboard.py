"""The Grafana dashboard asks for what /metrics has, and shows all of it."""

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from collector.metrics import Counts, Metrics, exposition
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.counted import Counted
from warehouse.registry.destinations import Destination, State

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "sojourn.json"
_METRIC = re.compile(r"sojourn_\w+")
_LABELS = re.compile(r"by \(([\w, ]+)\)|\{(\w+)!?=")


def panels() -> list[dict[str, Any]]:
    return list(json.loads(DASHBOARD.read_text("utf-8"))["panels"])


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def exposed() -> dict[str, set[str]]:
    """Series name -> its labels, as a worker that has done something of everything tells them."""
    registry, counts = CollectorRegistry(), Counts()
    metrics = Metrics(registry)
    counts.requests["segment", "accepted"] += 1
    counts.add(2, [Judgement(0, Verdict.REJECTED, Reason.BAD_TIME)])
    counts.shed["journal"] += 1
    counts.fsyncs.append(0.001)
    metrics.flush(counts)
    metrics.books(Counted(0, 0, {"stored": 1}, 0, []), 1)
    metrics.lags(None, 0)
    metrics.watched({})
    metrics.destinations([Destination("bi", "", "", 1.0, "", 0, "", State())], 0)
    lines = exposition(registry, None).decode().splitlines()
    found: dict[str, set[str]] = {}
    for line in lines:
        if not line.startswith("#"):
            name = re.split(r"[{ ]", line, maxsplit=1)[0]
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', line))
    return {name: labels for name, labels in found.items() if not name.endswith("_created")}


def test_every_metric_of_the_dashboard_is_in_metrics_with_its_labels() -> None:
    there = exposed()
    for expression in expressions():
        names = _METRIC.findall(expression)
        assert names
        assert set(names) <= there.keys(), expression
        asked = {
            label
            for found in _LABELS.findall(expression)
            for label in re.findall(r"\w+", found[0] or found[1])
        }
        assert asked <= set.union(*(there[name] for name in names)), expression


def test_the_dashboard_shows_every_metric() -> None:
    shown = set(_METRIC.findall(" ".join(expressions())))
    assert exposed().keys() <= shown


def test_panels_do_not_overlap_and_say_what_they_show() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in panels()]
    assert len(set(places)) == len(places)
    assert all(panel["description"] and panel["title"] for panel in panels())
