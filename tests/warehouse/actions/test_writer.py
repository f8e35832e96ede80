"""Actions as the running writer finds who enters them, turn by turn and over a lake that is made anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sessionizer.test_job import Bench
from tests.warehouse.lakes import SECOND
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions

RULES = """
destinations:
  hook: {kind: webhook, url: 'https://example.com/h', secret: s}
actions:
  reader:
    when: {did: 'page:*', at_least: 3, within: 1h}
    to: hook
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, stitch_every=0.0, commands_every=0.0, tags_every=1.0)
    yield bench
    bench.job.close()


def test_a_condition_is_a_tag_of_its_own_and_its_entry_outlives_the_lake(bench: Bench) -> None:
    registry = bench.site.registry
    bench.site.clock -= 30 * 60 * SECOND
    publish(registry, "shop", read_actions(RULES), "test")
    bench.site.clock += 30 * 60 * SECOND
    bench.land(2, 3)
    bench.job.turn()
    assert not registry.entries()
    bench.land(1, prefix="n")
    for _ in range(3):
        bench.site.clock += 3 * SECOND
        bench.job.turn()
    (entry,) = registry.entries()
    assert (entry.rule, entry.state, entry.entry) == ("reader", "waiting", bench.site.clock - 79 * SECOND)
    assert bench.told("entered") == [{"entered": 1, "waiting": 1, "seconds": 0.0}]
    assert '"user_id":"lin"' in entry.data
    registry.file_command("rebuild", {"from": "landing"}, by="test")
    for _ in range(3):
        bench.site.clock += 3 * SECOND
        bench.job.turn()
    assert bench.count("tag_members") == 1
    assert len(registry.entries()) == 1
