"""What is known of a snapshot is found once, by whoever asks first, and only for that snapshot."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.warehouse.lakes import Site
from warehouse.remembered import Remembered


def test_it_is_found_once_a_snapshot() -> None:
    remembered, made = Remembered(), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    asked = [(1, "a"), (1, "a"), (1, "b"), (2, "a"), (2, "a"), (1, "a")]
    assert [remembered.get(snapshot, name, make) for snapshot, name in asked] == [0, 0, 1, 2, 2, 3]


def test_who_asks_meanwhile_waits_for_it() -> None:
    remembered, made = Remembered(), list[int]()

    def make() -> int:
        made.append(1)
        time.sleep(0.05)
        return len(made)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: remembered.get(1, "a", make), range(4)))
    assert found == [1] * 4


def test_all_connections_to_a_lake_share_it(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.writer() as lake, site.reader() as other:
        assert lake.cursor().remembered is lake.remembered
        assert other.remembered is not lake.remembered
