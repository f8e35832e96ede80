"""The customer's page over a real lake."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from sdk_contract.keys import identity_key
from tests.console.conftest import Visitor
from warehouse.console.pages.customers import LOOKS
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

HOSTILE = "<script>alert(1)</script>\u202e" + "x" * 10_000

SESSION = """
INSERT INTO sessions BY NAME
    SELECT ? AS session_id, 'shop' AS project, ? AS subject_key, ? AS identity_key, ? AS device_id,
        started AS started_at, started AS ended_at, ? AS first_message_id, ? AS last_message_id,
        1 AS events, 0 AS pages, started::DATE AS session_day
    FROM (SELECT ?::TIMESTAMPTZ AS started)"""
EVENT = """
INSERT INTO events BY NAME
    SELECT 1 AS load_seq, 'shop' AS project, ? AS subject_key, moment::DATE AS event_day,
        'warning' AS verdict, ? AS message_id, 'track' AS type, ? AS event, ?::JSON AS properties,
        moment AS timestamp, moment AS received_at, 'Asia/Shanghai' AS timezone
    FROM (SELECT ?::TIMESTAMPTZ AS moment)"""
IDENTITY = """
INSERT INTO identities BY NAME
    SELECT 'shop' AS project, ? AS identity_key, ? AS kind, ? AS value, ? AS customer_id,
        1 AS first_load_seq, now() AS first_seen, now() AS last_seen, ? AS evidence"""
TOLD = """
UPDATE sessions SET country = 'FR', city = 'Lyon', channel = 'Direct', browser = 'Chrome', os_name = 'macOS',
    order_value = 12.5, currency = 'CNY', conversions = 1, engaged_seconds = 75, bounced = false
WHERE device_id = 'mei <1>'"""


def add_customer(lake: Lake, name: str, visits: Sequence[tuple[str, object]]) -> None:
    """A customer `c_<name>` with a device, a user id, and one session a day, each of one event."""
    customer, device, user = f"c_{name}", f"{name} <1>", name
    of_device, of_user = identity_key("shop", "anonymous_id", device), identity_key("shop", "user_id", user)
    lake.execute(IDENTITY, [of_device, "anonymous_id", device, customer, "first_seen"])
    lake.execute(IDENTITY, [of_user, "user_id", user, customer, "identify"])
    for number, (event, properties) in enumerate(visits, 1):
        at = str(datetime(2026, 11, 1, 10, tzinfo=UTC) + timedelta(days=number - 1))
        session, message = f"s_{name}_{number}", f"{name}-{number}"
        lake.execute(SESSION, [session, of_device, of_user, device, message, message, at])
        lake.execute(EVENT, [of_device, message, event, json.dumps(properties), at])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with connect(WarehouseSettings(data=str(folder)), read_only=False) as lake, lake.transaction():
        add_customer(
            lake, "mei", [("Product Viewed", {"price": 12.5, "tags": ["茶 🍵"], "category": "茶具"})]
        )
        lake.execute(TOLD)
        add_customer(lake, "many", [(f"Event of day {number}", {}) for number in range(1, 106)])
        odd = {"</dd><img src=x>": HOSTILE, "nul": "a\0b", "": None}
        add_customer(lake, "odd", [(HOSTILE, odd)])
        lake.execute("INSERT INTO customer_redirects VALUES ('c_former', 'c_mei', 7)")
    return folder


@pytest.fixture
def shop(data: Path) -> Iterator[Visitor]:
    found = Visitor(data)
    yield found
    found.registry.close()


def test_the_timeline_shows_who_when_and_what(shop: Visitor) -> None:
    page = shop.get("/customers/c_mei").text
    assert '<h1 dir="auto">mei</h1>' in page
    assert "an identify call" in page
    assert "mei &lt;1&gt;" in page
    assert 'datetime="2026-11-01T10:00:00.000Z"' in page
    assert "Product Viewed" in page
    assert "12.5" in page
    assert "茶 🍵" in page
    assert '<span class="verdict warning">warning</span>' in page


@pytest.mark.parametrize("any_id", ["mei", "mei <1>", "s_mei_1", "mei-1", "c_mei", "c_former"])
def test_any_id_finds_the_customer(shop: Visitor, any_id: str) -> None:
    answer = shop.get(f"/find?id={quote(f' {any_id} ')}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/customers/c_mei"


def test_a_former_id_leads_to_the_present_one(shop: Visitor) -> None:
    assert shop.get("/customers/c_former").headers["location"] == "/customers/c_mei"
    assert shop.get("/customers/mei").headers["location"] == "/customers/c_mei"


def test_a_page_that_looks_again_is_sent_on_once_the_customer_is_there(shop: Visitor) -> None:
    answer = shop.get("/find?id=mei&look=2", {"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/customers/c_mei")


def test_nothing_found_looks_again_and_gives_up(shop: Visitor) -> None:
    answer = shop.get("/find?id=" + quote("no/body & <b>"))
    assert answer.status_code == 404
    assert "no/body &amp; &lt;b&gt;" in answer.text
    assert 'hx-get="/find?id=no%2Fbody+%26+%3Cb%3E&amp;look=1"' in answer.text
    assert "sojourn explain" in answer.text
    for look in (str(LOOKS), "-1", "many"):
        assert "hx-get" not in shop.get(f"/find?id=nobody&look={look}").text
    assert shop.get("/customers/nobody/at/all").status_code == 404


def test_an_empty_question_goes_to_the_first_page(shop: Visitor) -> None:
    assert shop.get("/find?id=%20").headers["location"] == "/"


def test_older_events_are_one_click_away(shop: Visitor) -> None:
    first = shop.get("/customers/c_many?by=time").text
    assert "Event of day 105" in first
    assert "Event of day 5<" not in first
    assert first.count("nothing on any device for 1 day before") == 100
    (link,) = re.findall(r'href="(/customers/c_many\?by=time&amp;before=[^"]+)"', first)
    second = shop.get(link.replace("&amp;", "&")).text
    assert "Event of day 5<" in second
    assert "Event of day 105" not in second
    assert "before=" not in second
    assert "Active hours" in first
    assert "Active hours" not in second


def test_a_cursor_that_is_none_leads_nowhere(shop: Visitor) -> None:
    assert shop.get("/customers/c_many?before=nonsense").status_code == 404


def test_the_profile_shows_what_sessions_come_to(shop: Visitor) -> None:
    page = shop.get("/customers/c_mei").text
    for words in (
        "In all sessions",
        "Conversions",
        "Chrome · macOS",
        "Lyon, FR",
        "Direct",
        "茶具",
        "Asia/Shanghai",
        "CNY",
    ):
        assert words in page
    chinese = shop.get("/customers/c_mei", {"Accept-Language": "zh"}).text
    for words in ("全部会话", "活跃时段（Asia/Shanghai）", "同意状态", "没有表明"):
        assert words in chinese


def test_hostile_names_and_values_are_text(shop: Visitor) -> None:
    page = shop.get("/customers/c_odd").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;/dd&gt;&lt;img src=x&gt;" in page
    assert page.count("&lt;script&gt;alert") == 3


def test_before_the_first_load_it_says_so(visitor: Visitor) -> None:
    assert "No data yet" in visitor.get("/find?id=mei").text
