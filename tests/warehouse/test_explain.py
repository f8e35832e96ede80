"""Where an event is, also while it moves on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.collector.segments_made import WORKER, batch, request, segment, track
from tests.warehouse.lakes import NOON, Site, event
from warehouse.explain import explain
from warehouse.rows import convert
from warehouse.segments import segment_id
from warehouse.sent import sent
from warehouse.stores import LocalStore, ObjectInfo

BODY = batch([track("m-1")])
ID = segment_id(WORKER, NOON // 1000, 1)


class Moving(LocalStore):
    """What it holds moves on as soon as it was listed."""

    def __init__(self, root: Path | str, move: Callable[[], object]) -> None:
        super().__init__(root)
        self._move = move

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        found = list(super().list(prefix, after))
        self._move()
        return iter(found)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = Site(tmp_path)
    found.land([event("m-0")])
    found.load_all()
    return found


def journal(site: Site) -> tuple[Path, bytes]:
    data = segment([(request(received_at=NOON), BODY, 1)])
    path = site.settings.folders.journal / WORKER / f"{ID.removeprefix(f'{WORKER}-')}.sealed"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path, data


@pytest.mark.parametrize("look", [explain, sent])
def test_an_event_that_lands_meanwhile_is_found(site: Site, look: Callable[..., object]) -> None:
    path, data = journal(site)

    def land() -> None:
        landing = convert(data, ID)
        site.store.put_new(landing.key, landing.parquet)
        path.unlink(missing_ok=True)

    store = Moving(site.settings.landing_url, land)
    with site.reader() as lake:
        assert look(lake, store, site.settings.folders, "m-1")


@pytest.mark.parametrize("look", [explain, sent])
def test_an_event_that_is_loaded_meanwhile_is_found(site: Site, look: Callable[..., object]) -> None:
    site.land([event("m-1")])
    store = Moving(site.settings.landing_url, site.load_all)
    with site.reader() as lake:
        assert look(lake, store, site.settings.folders, "m-1")
        assert not look(lake, store, site.settings.folders, "m-2")
