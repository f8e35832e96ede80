"""A customer's page says by what each id belongs there, and what is kept apart by which rule."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import msgspec
import pytest

from sessionizer.deciding import holding
from sessionizer.incremental import stitch
from tests.console.conftest import Visitor
from tests.sessionizer.identity.stories import ENDING, events_of
from tests.sessionizer.test_deciding import Office
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import loaded, store
from tests.warehouse.lakes import lake_of_writer
from warehouse.bonds import bonds
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

STORY = "d d:u+13800138000 d:v+v@x.com e:u f:u k>u ~40 z:w+13800138000"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device of two users, a number that another has by now, and a device that somebody took from u."""
    folder = tmp_path_factory.mktemp("data")
    events = list(events_of(STORY))
    with lake_of_writer(WarehouseSettings(data=str(folder))) as lake:
        store(lake, events)
        loaded(lake, len(events))
        stitch(lake, now=NOW, ids=ENDING)
        office = Office(folder, lake)
        office.desk = msgspec.structs.replace(office.desk, ids=ENDING)
        office.decide("block", "f", "user_id:u", reason="ticket <7>")
        assert len(holding(office.registry)) == 1
        office.registry.close()
    return folder


@pytest.fixture
def shop(data: Path) -> Iterator[Visitor]:
    found = Visitor(data)
    yield found
    found.registry.close()


def words(page: str) -> str:
    """The page's text in one line."""
    return " ".join(unescape(page).split())


def test_each_id_has_its_link_and_blocked_ones_their_rule(shop: Visitor) -> None:
    customer = shop.get("/customers/d").headers["location"]
    page = words(shop.get(customer).text)
    assert 'linked with User id <span class="value" dir="auto">u</span>: both ids in one event' in page
    assert "an alias call · <code>m6</code> · 2026-11-05" in page
    assert "What is kept apart" in page
    assert "Device, User id · a customer has one of these (User id)" in page
    assert "somebody decided so · ticket <7> (ann)" in page
    assert "Phone number, Phone number (life 2) · not seen for so long" in page
    assert "<7>" not in shop.get(customer).text


def test_in_chinese_and_only_on_the_first_page(shop: Visitor) -> None:
    customer = shop.get("/customers/d").headers["location"]
    page = shop.get(customer, {"accept-language": "zh"}).text
    assert ("关联到" in page, "未合并的 ID" in page, "每位客户只能有一个" in page) == (True,) * 3
    assert "长时间未出现，可能已属于他人" in page


def test_links_are_those_of_the_strongest_paths(data: Path) -> None:
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        ((customer,),) = lake.query("SELECT customer_id FROM identities WHERE value = 'd' AND kind[1] = 'a'")
        found = bonds(lake, customer)
        nobody = bonds(lake, "c_nobody")
    named = {value: edge.evidence for (_, value), edge in found.by_id.items()}
    assert named == {"u": "identify", "+8613800138000": "identify", "e": "same_event", "k": "alias"}
    assert (len(found.kept_out), found.blocked) == (3, 3)
    assert (nobody.by_id, nobody.blocked) == ({}, 0)
