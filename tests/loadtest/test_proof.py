"""A proof holds only when every run gave figures that keep its promises, and its report says so."""

from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner

from loadtest.charts import Chart, drawn, thinned
from loadtest.cli import Measured, measures
from loadtest.errors import UnknownRun
from loadtest.machine import machine
from loadtest.promises import Outcome, Promise, Run, judged
from loadtest.proof import chosen, every_run, last_json, prove
from loadtest.report import page
from tests.loadtest.figures import BAD, GOOD


def outcome(held: bool, figures: dict[str, object] | None) -> Outcome:
    return Outcome(
        "crash",
        "python -m x",
        "2026-11-21T00:00:00.000Z",
        1.5,
        0,
        figures,
        {"a < b": held},
        {"log": "crash.log"},
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
    assert every_run().keys() == GOOD.keys() == BAD.keys()
    for run in every_run().values():
        good, bad = judged(run, GOOD[run.name]), judged(run, BAD[run.name])
        assert [text for text, held in good.items() if not held] == []
        assert [text for text, held in bad.items() if held] == []
        assert not any(judged(run, None).values())


def test_runs_are_chosen_by_name() -> None:
    assert [run.name for run in chosen("crash, bench")] == ["crash", "bench"]
    assert [run.name for run in chosen("")] == list(every_run())
    with pytest.raises(UnknownRun, match=r"'crush'.*bench"):
        chosen("crush")


def test_a_chart_shows_its_lines_and_their_names() -> None:
    shown = drawn(Chart("Memory <of all>", "MiB", {"worker": [(0, 1.0), (10, 4.0)], "sink": []}))
    assert "Memory &lt;of all&gt; (MiB)" in shown
    assert shown.count("<polyline") == 1
    assert 'points="64.0,147.0 748.0,12.0"' in shown
    assert "no values" in drawn(Chart("Memory", "MiB", {"worker": []}))


def test_thinning_keeps_the_peaks() -> None:
    points = [(float(second), 100.0 if second == 777 else 1.0) for second in range(2000)]
    kept = thinned(points)
    assert len(kept) <= 600
    assert (777.0, 100.0) in kept


def test_a_command_prints_its_figures_and_writes_its_report(tmp_path: Path) -> None:
    class Figures(msgspec.Struct):
        missing: int

    run = Run("made", (), (), (Promise("nothing is missing", lambda figures: figures["missing"] == 0),))
    chart = Chart("Backlog", "bytes", {"journal": [(0, 1), (1, 2)]})

    @measures(run)
    @click.option("--missing", default=0)
    def command(missing: int) -> Measured:
        """Made for this test."""
        return Measured(Figures(missing), missing == 0, (chart,))

    told = CliRunner().invoke(
        command, ["--missing", "3", "--json", "--report", str(tmp_path / "a" / "b.html")]
    )
    assert told.exit_code == 1
    assert msgspec.json.decode(told.stdout) == {"missing": 3}
    page = (tmp_path / "a" / "b.html").read_text()
    assert "not held: nothing is missing" in page
    assert "Backlog (bytes)" in page
    assert CliRunner().invoke(command, []).exit_code == 0


def test_a_proof_keeps_its_report_also_where_a_run_fails(
    tmp_path: Path,
) -> None:
    broken = Run("broken", ("no-such-command",), ("no-such-command",), (Promise("it runs", lambda _: True),))
    proof = prove([broken], tmp_path, True, lambda: 0, lambda _: None)
    assert not proof.held
    assert proof.runs == {"broken": False}
    assert "no-such-command" in (tmp_path / "index.html").read_text()
    assert "No such command" in (tmp_path / "broken.log").read_text()
    line = msgspec.json.decode((tmp_path / "proof.jsonl").read_bytes())
    assert (line["name"], line["exit_code"], line["machine"]) == ("broken", 2, machine())
