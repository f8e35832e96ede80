"""Tags as the running writer keeps them up, turn by turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessionizer.test_job import Bench
from tests.warehouse.lakes import SECOND
from warehouse.tags import read_tags
from warehouse.tags.published import publish

RULES = "tags:\n  reader:\n    when: {did: 'page:*', at_least: 3, within: 1h}\n"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, stitch_every=0.0, commands_every=0.0, tags_every=10.0)
    yield bench
    bench.job.close()


def test_tags_follow_the_rules_and_the_events(bench: Bench) -> None:
    bench.land(0, 1)
    bench.job.turn()
    assert not bench.told("tagged")
    publish(bench.site.registry, "shop", read_tags(RULES), "test")
    bench.site.clock += 11 * SECOND
    bench.job.turn()
    assert bench.told("tagged") == [{"tags": 1, "customers": 1, "seconds": 0.0}]
    bench.land(2, prefix="n")
    bench.job.turn()
    assert bench.count("tag_queue") == 1
    assert bench.count("tag_members") == 0
    bench.site.clock += 11 * SECOND
    bench.job.turn()
    assert (bench.count("tag_queue"), bench.count("tag_members")) == (0, 1)
    bench.site.clock += 11 * SECOND
    bench.job.turn()
    assert len(bench.told("tagged")) == 2
    bench.site.registry.file_command("rebuild", {"from": "landing"}, by="test")
    bench.job.turn()
    assert bench.count("tag_members") == 0
    bench.site.clock += 11 * SECOND
    bench.job.turn()
    assert bench.count("tag_members") == 1
    publish(bench.site.registry, "shop", [], "test")
    bench.site.clock += 11 * SECOND
    bench.job.turn()
    assert (bench.count("tags"), bench.count("tag_members")) == (0, 0)
