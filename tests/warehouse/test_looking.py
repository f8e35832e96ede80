"""The search finds what was planted, wherever a person can be left behind, and nothing where nobody is."""

import json
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, TABLET, refused, said
from tests.warehouse.lakes import Site
from warehouse.erasure.everywhere import look_everywhere
from warehouse.erasure.looking import Looked, Rows
from warehouse.erasure.people import ERASE, People, Person
from warehouse.erasure.subject import Id, Subject
from warehouse.secrets import Secrets

ADAS = Subject("shop", (Id("anonymous_id", LAPTOP), Id("user_id", ADA), Id("user_id", "ada")))
PEOPLE = People([Person(ERASE, ADAS)])
NEIGHBOURS = [
    said("b", 1, BEN, TABLET),
    refused("r", "{}", "bad_value"),
    said("o", 2, "ada", None, project="x"),
]


BIG = b" " * ((4 << 20) - 5) + ADA.encode()


class Place:
    """A data folder without a lake, in which only others are."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root)
        self.root = root
        self.vault = Secrets.open(self.site.settings.folders.secrets, self.site.now, os.urandom).vault()
        self.key = self.site.land(NEIGHBOURS)

    def look(self) -> Looked:
        return look_everywhere(self.site.settings, self.site.store, PEOPLE, self.vault)

    def write(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def parquet(self, name: str, **columns: pa.Array) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, compression="zstd", write_statistics=False)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nobody_is_found_where_only_others_are(place: Place) -> None:
    found = place.look()
    assert (found.landing, found.files, found.clean) == ({}, [], [f"landing/{place.key}"])


PLANTS: dict[str, Callable[[Place], None]] = {
    "journal/n-w0/1.open": lambda place: place.write("journal/n-w0/1.open", f'{{"userId":"{ADA}"}}'.encode()),
    "damaged/1.segment": lambda place: place.write("damaged/1.segment", ADA.encode("utf-16-le")),
    "landing/.unfinished/1": lambda place: place.write("landing/.unfinished/1", BIG),
    "lake/tmp-1/spill": lambda place: place.write("lake/tmp-1/spill", b64encode(f"a {LAPTOP} b".encode())),
    "lake/data/main/t/1.parquet": lambda place: place.parquet(
        "lake/data/main/t/1.parquet", text=pa.array(["b" * 100, json.dumps({"a": ADA})])
    ),
    "lake/data/main/t/2.parquet": lambda place: place.parquet(
        "lake/data/main/t/2.parquet", some_key=pa.array([1, ADAS.keys[0]])
    ),
    "registry.sqlite, table audit": lambda place: place.site.registry.audit("me", "x", "y " * 4500 + LAPTOP),
}


@pytest.mark.parametrize("where", PLANTS)
def test_a_planted_id_is_found(place: Place, where: str) -> None:
    PLANTS[where](place)
    assert where in {path.removeprefix(f"{place.root}/") for path in place.look().files}


@pytest.mark.parametrize(
    ("row", "rows"),
    [
        (said("m", 1, ADA, None), Rows(erase=[1])),
        (said("m", 1, "ada", None), Rows(erase=[1])),
        (said("m", 1, BEN, None, previous_id="ada", type="alias"), Rows(erase=[1])),
        (said("m", 1, BEN, TABLET, page_url=f"https://x/?from={LAPTOP}"), Rows(clear=[1])),
        (refused("m", json.dumps({"a": [ADA]}), "bad_value"), Rows(erase=[1])),
        (refused("m", '{"userId": "ada"', "bad_value"), Rows(erase=[1])),
    ],
)
def test_rows_of_landing_are_told_by_number(place: Place, row: dict[str, object], rows: Rows) -> None:
    key = place.site.land([said("n", 1, BEN, TABLET), row])
    assert place.look().landing == {key: rows}


def test_what_only_the_keys_can_open_is_opened(place: Place) -> None:
    key = place.site.land([refused("m", place.vault.seal(f'{{"x": "{ADA}" broken'.encode()), "bad_envelope")])
    assert place.look().landing == {key: Rows(erase=[0])}
