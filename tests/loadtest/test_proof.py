"""A proof holds only when every run gave figures that keep its promises, and its report says so."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from loadtest.proof import RUNS, Outcome, Promise, Run, last_json, machine, prove
from loadtest.report import page


def outcome(held: bool, figures: dict[str, object] | None) -> Outcome:
    return Outcome(
        "crash", "python -m x", "2026-11-21T00:00:00.000Z", 1.5, 0, figures, {"a < b": held}, "crash.log"
    )


def test_no_figures_means_not_held() -> None:
    assert outcome(True, {"missing": 0}).held
    assert not outcome(False, {"missing": 0}).held
    assert not outcome(True, None).held


def test_the_page_shows_figures_and_promises_escaped() -> None:
    shown = page([outcome(False, {"missing": 12345, "door": {"50": 1.5}})], {"cpu": "<cpu>"})
    for wanted in ("not held: a &lt; b", "12,345", "door 50", "&lt;cpu&gt;", "python -m x"):
        assert wanted in shown
    assert "<cpu>" not in shown


@pytest.mark.parametrize(
    ("output", "wanted"),
    [(b'progress\n{"a":1}\n', {"a": 1}), (b"", None), (b"Traceback\n", None), (b"[1]\n", None)],
)
def test_figures_are_the_last_line(output: bytes, wanted: dict[str, int] | None) -> None:
    assert last_json(output) == wanted


def test_the_promises_of_the_runs_judge_good_and_bad_figures() -> None:
    good: dict[str, dict[str, Any]] = {
        "bench": {"ratio": {"1": 0.3}, "door": {"50": 80_000}},
        "rules": {"kept": {"planned": {"1": 0.9, "20": 0.8}, "strict": {"1": 0.6, "20": 0.7}}},
        "privacy": {"ips_found": 0, "pii_found": 0},
        "dedup": {"doubled": 0, "false_drops": 0, "bytes_per_id": 64.0, "load_cpu_s": {"1": 0.3}},
        "crash": {"missing": 0, "doubled": 0, "difference": 0},
        "freshness": {"sql_p99_s": 5.0, "timeline_p99_s": 15.0, "cores": 1.0},
    }
    bad: dict[str, dict[str, Any]] = {
        "bench": {"ratio": {"1": 0.29}, "door": {"50": 79_999}},
        "rules": {"kept": {"planned": {"1": 0.9, "20": 0.79}, "strict": {"1": 0.59, "20": 0.7}}},
        "privacy": {"ips_found": 1, "pii_found": 1},
        "dedup": {"doubled": 1, "false_drops": 1, "bytes_per_id": 65.0, "load_cpu_s": {"1": 0.2, "2": 0.31}},
        "crash": {"missing": 1, "doubled": 1, "difference": -1},
        "freshness": {"sql_p99_s": 5.1, "timeline_p99_s": None, "cores": 1.01},
    }
    for run in RUNS:
        assert all(promise.holds(good[run.name]) for promise in run.promises)
        assert not any(promise.holds(bad[run.name]) for promise in run.promises)


def test_a_proof_keeps_its_report_also_where_a_run_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = Run("broken", ("no-such-command",), ("no-such-command",), (Promise("it runs", lambda _: True),))
    monkeypatch.setattr("loadtest.proof.RUNS", (broken,))
    proof = prove(tmp_path, True, lambda: 0, lambda _: None)
    assert not proof.held
    assert proof.runs == {"broken": False}
    assert "no-such-command" in (tmp_path / "index.html").read_text()
    assert "No such command" in (tmp_path / "broken.log").read_text()
    line = msgspec.json.decode((tmp_path / "proof.jsonl").read_bytes())
    assert (line["name"], line["exit_code"], line["machine"]) == ("broken", 2, machine())
