"""The switch: off by default, on for the writer, and off again as if it had never been."""

from pathlib import Path

import pytest

from sessionizer.commands import obey
from sessionizer.errors import ProbableMissing, ProbableOff
from sessionizer.probable.edges import TABLES
from sessionizer.probable.run import require_splink
from tests.sessionizer.test_job import Bench
from tests.sessionizer.world import contents
from tests.warehouse.lakes import NOON, event

pytest.importorskip("splink", reason="the extra probabilistic is not installed")

DAY = 86_400_000_000
PERSON = '{"name":"Wei Lin","birthday":"1990-01-31","telephone":"13800138000","mail":"wei@mail.example"}'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    bench = Bench(tmp_path, commands_every=0.0)
    bench.site.land(
        [event(f"m{n}", timestamp=NOON, anonymous_id=f"d{n}", type="identify", traits=PERSON) for n in (1, 2)]
    )
    bench.job.turn()
    bench.job.close()
    return tmp_path


def counted(bench: Bench) -> list[int]:
    return [bench.count(table) for table in TABLES]


def test_on_and_off_again(root: Path) -> None:
    off = Bench(root)
    before = contents(off.job.writer.lake)
    command = off.site.registry.command(off.site.registry.file_command("match", {}, by="test"))
    with pytest.raises(ProbableOff, match="SOJOURN_PROBABLE_IDENTITY is false; set it to true"):
        obey(off.job, command)
    off.job.turn()
    assert (off.site.registry.command(command.id).state, counted(off)) == ("failed", [0, 0, 0])
    off.job.close()

    on = Bench(root, probable_identity=True)
    on.job.turn()
    assert counted(on) == [1, 2, 1]
    on.site.clock += DAY - 1
    on.job.turn()
    assert len(on.told("matched")) == 1
    on.site.clock += 1
    on.job.turn()
    assert len(on.told("matched")) == 2
    assert contents(on.job.writer.lake) == before
    on.job.close()

    off = Bench(root)
    off.job.turn()
    assert (counted(off), off.told("matched")) == ([0, 0, 0], [])
    assert contents(off.job.writer.lake) == before
    off.job.close()


def test_another_threshold_decides_anew_at_the_next_start(root: Path) -> None:
    for threshold, profiles in ((0.95, 2), (0.9999999, 0), (0.9, 2)):
        bench = Bench(root, probable_identity=True, probable_threshold=threshold, probable_every=0.0)
        if not bench.count("probable_models"):
            bench.job.match()
        bench.job.turn()
        assert bench.count("probable_customers") == profiles
        bench.job.close()


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "splink", None)
    with pytest.raises(ProbableMissing, match=r"needs splink; install it with pip install 'sojourn\[prob"):
        require_splink()
