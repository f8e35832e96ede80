"""Today's program on an earlier release's data folder: it migrates, publishes, loads, and the books close."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.house import House
from warehouse.lake import Lake

OLD = Path(__file__).parent / "fixtures" / "data-folder-bf430c5.tar.xz"
LOADED, LANDED, KEPT = 300, 40, 50
ALL = LOADED + LANDED + KEPT


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Lake]]:
    folder = tmp_path_factory.mktemp("old") / "data"
    with tarfile.open(OLD) as archive:
        archive.extractall(folder, filter="data")
    with House(folder) as house:
        house.settle(100.0)
        with house.lake() as found:
            yield house, found


def test_what_was_loaded_landed_and_only_kept_is_there_once(lake: tuple[House, Lake]) -> None:
    counted = lake[1].query("SELECT count(*), count(DISTINCT message_id) FROM events")
    assert counted == [(ALL, ALL)]
    wanted = {f"old-{number}" for number in range(ALL)}
    assert {name for (name,) in lake[1].query("SELECT message_id FROM events")} == wanted


def test_the_books_close(lake: tuple[House, Lake]) -> None:
    books = lake[0].check()
    assert (books.pending, books.difference) == (0, 0)
    assert (books.stored, books.rejected, books.duplicate) == (ALL, 1, 5)
    assert books.received == ALL + 6


def test_old_rows_answer_as_they_did(lake: tuple[House, Lake]) -> None:
    price = "SELECT sum(CAST(properties->>'price' AS BIGINT)) FROM events WHERE load_seq <= 300"
    assert lake[1].query(price) == [(sum(range(LOADED)),)]
    types = dict(lake[1].query("SELECT type, count(*) FROM events GROUP BY type"))
    assert types == {"track": ALL // 3, "page": ALL // 3, "identify": ALL // 3}
    assert lake[1].query("SELECT DISTINCT ip FROM events") == [("8.8.8.0",)]
    assert lake[1].query("SELECT reason FROM rejected") == [("missing_field",)]


def test_the_old_write_key_still_opens_the_door(lake: tuple[House, Lake]) -> None:
    assert lake[0].write_key().startswith("wk_")
