"""An import that ends at any of its steps goes on with the next one: no row missing, none twice."""

import random
from pathlib import Path
from typing import Any

import pytest

from loadtest.imports import crm, imports, killed, landed, make_folder
from tests.warehouse.imports.shop_files import Shop
from warehouse.balance import balance
from warehouse.imports import separated
from warehouse.imports.index import RowIndex
from warehouse.landing import LocalStore
from warehouse.registry import Registry

STEPS = [
    (Registry, "intend"), (LocalStore, "put_new"), (Registry, "tally_segment"), (RowIndex, "put"),
    (Registry, "forget_intent"), (Registry, "move_import"),
]  # fmt: skip
ROWS = 60


class Killed(BaseException):
    """The program ends here."""


def books(shop: Shop) -> tuple[int, int]:
    total = balance(None, shop.store, shop.registry, shop.settings.folders.journal).total
    return total.received, total.difference


@pytest.mark.parametrize(("part", "step"), STEPS, ids=[step for _, step in STEPS])
def test_an_import_goes_on_wherever_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: type, step: str
) -> None:
    monkeypatch.setattr(separated, "_BLOCK_BYTES", 1_000)
    shop, real, calls = Shop(tmp_path), getattr(part, step), iter(range(1_000))
    path = shop.file("crm.csv", crm(ROWS, 1))

    def dying(*args: Any, **named: Any) -> Any:
        if next(calls) != 2:
            return real(*args, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(part, step, dying)
        with pytest.raises(Killed):
            shop.bring("customers", path, time_zone="Asia/Shanghai")
    received, difference = books(shop)
    assert (difference, 0 < received < ROWS) == (0, True)
    done = shop.bring("customers", path, time_zone="Asia/Shanghai")
    assert (done["import"], done["rows"], done["new"]) == (1, ROWS, ROWS)
    assert len(landed(tmp_path)) == len(set(landed(tmp_path))) == ROWS
    assert books(shop) == (ROWS, 0)
    again = shop.bring("customers", path, time_zone="Asia/Shanghai")
    assert (again["import"], again["unchanged"]) == (2, ROWS)
    assert books(shop) == (ROWS, 0)


def test_another_file_ends_what_an_import_had_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody brings the first file in again: what is in landing of it counts, what is not was never put."""
    shop = Shop(tmp_path)
    first, second = shop.file("crm.csv", crm(10, 1)), shop.file("more.csv", crm(20, 1))
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "tally_segment", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            shop.bring("customers", first, time_zone="Asia/Shanghai")
    assert books(shop) == (10, 0)
    told = shop.bring("customers", second, time_zone="Asia/Shanghai")
    assert told["new"] + told["unchanged"] + told["changed"] == 20
    assert len(set(landed(tmp_path))) == len(landed(tmp_path))
    assert books(shop) == (len(landed(tmp_path)), 0)


def test_an_import_that_a_store_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(tmp_path)
    path = shop.file("crm.csv", crm(10, 1))
    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "put_new", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space"):
            shop.bring("customers", path, time_zone="Asia/Shanghai")
    assert (shop.registry.import_(1).state, shop.registry.import_(1).result["error"]) == (
        "running",
        "no space left",
    )
    assert shop.bring("customers", path, time_zone="Asia/Shanghai")["new"] == 10
    assert (shop.registry.import_(1).state, "error" in shop.registry.import_(1).result) == ("done", False)


@pytest.mark.slow
def test_kill_minus_nine_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    path.write_text(crm(50_000, 2), "utf-8")
    make_folder(tmp_path / "data", lambda: 0)
    done, kept = killed(tmp_path / "data", path, 3, 8.0, random.Random(2))
    assert done > 0 < kept
    ids = landed(tmp_path / "data")
    assert (len(ids), len(set(ids))) == (50_000, 50_000)


@pytest.mark.slow
def test_the_measurement_keeps_its_promises(tmp_path: Path) -> None:
    found = imports(2_000, 1, 1, tmp_path, lambda: 0, lambda _: None)
    assert (found.rows, found.again, found.missing, found.doubled, found.difference) == (2_000, 0, 0, 0, 0)
