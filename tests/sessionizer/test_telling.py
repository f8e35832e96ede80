"""The writer tells how far it is behind: what landed, is loaded, is stitched, and until when all is in."""

from pathlib import Path

from tests.sessionizer.test_job import Bench, run_once
from tests.warehouse.lakes import SECOND, event
from warehouse.behind import BEHIND, Behind, read_behind


def told(bench: Bench) -> Behind:
    found = read_behind(bench.site.registry)
    assert found is not None
    return found


def test_what_waits_is_told_every_five_seconds(tmp_path: Path) -> None:
    bench = Bench(tmp_path, stitch_rows=2, stitch_every=60)
    assert read_behind(bench.site.registry) is None
    bench.land(0, 1, 2)
    run_once(bench)
    began = bench.site.clock
    assert (told(bench).at, told(bench).objects, told(bench).rows) == (began, 0, 1)
    assert told(bench).loaded_until == began - SECOND
    assert told(bench).stitched_until is None
    bench.site.clock += 4 * SECOND
    run_once(bench)
    assert told(bench).at == began
    bench.site.clock += SECOND
    key = bench.site.land([event("late")])
    path = bench.site.store.root / key
    path.write_bytes(path.read_bytes()[:-9])
    run_once(bench)
    put_at = path.stat().st_mtime_ns // 1000
    assert told(bench) == Behind(bench.site.clock, 1, put_at, 0, told(bench).loaded_until, began - SECOND)
    bench.job.close()


def test_what_another_version_wrote_counts_as_nothing(tmp_path: Path) -> None:
    registry = Bench(tmp_path).site.registry
    for text in ('{"objects":1}', "no json"):
        registry.set_setting(BEHIND, text)
        assert read_behind(registry) is None
