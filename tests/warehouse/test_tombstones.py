"""Nobody who was erased comes back: what lands late, is loaded anew, mended or replayed meets the stone."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sdk_contract.privacy import Vault
from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, MAIL, TABLET, World, history, refused, said
from tests.warehouse.lakes import Row, Site
from warehouse.backup import tally_of
from warehouse.balance import balance
from warehouse.checksums import is_whole
from warehouse.erasure.gate import Gate
from warehouse.erasure.needles import ERASED
from warehouse.erasure.tombstones import Tombstones
from warehouse.landed import read_object
from warehouse.secrets import Secrets

DORA = "member-dora-1618033988"


def bury(site: Site, vault: Vault, project: str, mode: str, *ids: tuple[str, str]) -> None:
    stones = [(kind, vault.tombstone(project, kind, value)) for kind, value in ids]
    site.registry.file_erasure(project, mode, "asked", "test", sealed="", tombstones=stones)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything landed after Ada was erased, and Dora of the club has a pseudonym."""
    world = World(tmp_path_factory.mktemp("tombstones"))
    bury(world.site, world.vault, "shop", "erase", ("user_id", ADA), ("anonymous_id", LAPTOP))
    bury(world.site, world.vault, "club", "pseudonymise", ("user_id", DORA))
    by_dora = json.dumps({"by": DORA, "n": 1})
    world.land(*history(world.vault))
    world.land(
        [
            said("d-1", 1, DORA, "device-1", project="club", properties=by_dora, ip="203.0.113.9"),
            said("d-2", 2, DORA, "device-2", project="club"),
            refused("d-3", json.dumps({"userId": DORA}), "bad_value", project="club"),
        ]
    )
    world.turn()
    yield world
    world.close()


def test_late_events_of_the_erased_are_counted_and_nothing_else_of_them(world: World) -> None:
    fates = world.rows("FROM rejected SELECT verdict, reason, message_id, count(*) GROUP BY ALL ORDER BY ALL")
    assert fates == [("filtered", "erased", ERASED, 7), ("rejected", "plan_violation", "r-3", 1)]
    stored = world.rows("SELECT message_id FROM events WHERE project = 'shop' ORDER BY load_seq")
    assert [name for (name,) in stored] == ["b-1", "c-1", "a-3", "b-2", "c-2", "b-3", "z-1", "z-2", "c-3"]


def test_the_books_close(world: World) -> None:
    lake, site = world.job.writer.lake, world.site
    assert balance(lake, site.store, site.registry, site.settings.folders.journal).total.difference == 0


def test_landing_holds_them_no_more(world: World) -> None:
    paths = sorted(world.site.store.root.rglob("*.parquet"))
    texts = "".join(str(row) for path in paths for row in pq.read_table(path).to_pylist() if of(row))
    assert [name for name in (ADA, LAPTOP, DORA) if name in texts] == []
    assert BEN in texts


def of(row: Row) -> bool:
    """Without what others said of Ada, and the person of that name in another project."""
    return row["message_id"] not in ("c-2", "x-1")


def test_under_a_pseudonym_events_go_on_without_the_person(world: World) -> None:
    sql = "FROM events SELECT user_id, properties::VARCHAR, ip WHERE project = 'club' ORDER BY load_seq"
    (user, properties, ip), (same, *_) = world.rows(sql)
    assert user == same == world.vault.pseudonym("club", DORA)
    assert (json.loads(properties), ip) == ({"by": ERASED, "n": 1}, None)


class Store:
    """A landing store with its gate, without a lake."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root)
        self.vault = Secrets.open(self.site.settings.folders.secrets, self.site.now, os.urandom).vault()
        self.gate = Gate(self.site.store, Tombstones(self.site.registry, lambda: self.vault))
        bury(self.site, self.vault, "shop", "erase", ("user_id", ADA), ("email", MAIL))

    def read(self, rows: list[Row]) -> list[Row]:
        found: list[Row] = read_object(self.gate, self.site.land(rows)).to_pylist()
        return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("gate"))


@pytest.mark.parametrize("row", ["alias", "sealed", "raw", "traits", "context"])
def test_they_are_known_by_whatever_names_them(store: Store, row: str) -> None:
    sealed = store.vault.seal(json.dumps([{"userId": ADA}])[:-2].encode())
    rows = {
        "alias": said("m", 1, BEN, None, previous_id=ADA, type="alias"),
        "sealed": refused("m", sealed, "bad_envelope"),
        "raw": refused("m", json.dumps({"userId": ADA}), "bad_value"),
        "traits": said("m", 1, None, "new-device", traits=json.dumps({"email": MAIL.upper()})),
        "context": said("m", 1, BEN, None, context=json.dumps({"traits": {"a": [{"mail": MAIL}]}})),
    }
    neighbour = said("n", 2, BEN, TABLET)
    treated, same = store.read([rows[row], neighbour])
    assert (treated["verdict"], treated["reason"], treated["raw"]) == ("filtered", "erased", None)
    assert {name: same[name] for name in ("message_id", "user_id")} == {"message_id": "n", "user_id": BEN}


@pytest.mark.parametrize(
    "row",
    [
        said("m", 1, ADA, None, project="other"),
        said("m", 1, None, ADA),
        refused("m", "{", "bad_value", project=None),
    ],
)
def test_other_projects_and_other_kinds_are_other_people(store: Store, row: Row) -> None:
    assert [one["verdict"] for one in store.read([row])] == [row["verdict"]]


def test_an_object_is_written_anew_once_and_counts_the_same(store: Store) -> None:
    key = store.site.land([said("m", 1, ADA, LAPTOP), said("n", 2, BEN, TABLET)])
    before = tally_of(store.site.store.get(key))
    clean = store.gate.get(key)
    assert store.site.store.get(key) == clean == store.gate.get(key)
    assert is_whole(clean)
    assert tally_of(clean) == before


def test_a_damaged_object_is_left_to_the_loader(store: Store) -> None:
    key = store.site.land([said("m", 1, ADA, LAPTOP)])
    clean = store.gate.get(key)
    damaged = clean[:60] + bytes([clean[60] ^ 1]) + clean[61:]
    store.site.store.replace(key, damaged)
    assert store.gate.get(key) == damaged
