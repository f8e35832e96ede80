"""Files become events exactly once, are judged like any other, and join the customers that are there."""

from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.imports.shop_files import Shop
from tests.warehouse.lakes import DAY, NOON, event
from warehouse.imports.errors import BadImport, ImportBusy
from warehouse.imports.running import _alone as alone
from warehouse.insights.buyers.rfm import Rfm, rfm
from warehouse.profile import profile

CUSTOMERS = (
    "客户编号,姓名,邮箱,手机号,等级,更新时间\n"
    "1001,王五,Wang@ex.cn,13800138000,3,2026/11/1 10:00\n"
    "1002,李四,li@ex.cn,13900139000,2,2026年11月2日 下午3:05\n"
    "1003,张三,,,1,03/04/2026\n"
    "1001,王五,Wang@ex.cn,13800138000,5,2026/11/5 10:00\n"
    "1004,赵六\n"
    "1002,李四,li@ex.cn,13900139000,2,2026年11月2日 下午3:05\n"
)
ORDERS = "订单号,客户编号,订单金额,币种,状态,下单时间,更新时间\n"
FIRST = 'O-1,1001,100.5,CNY,paid,2026-11-03 10:00,\nO-2,1002,"1,200",CNY,paid,2026-11-04 10:00,\n'
SECOND = (
    'O-2,1002,"1,200",CNY,paid,2026-11-04 10:00,\n'
    "O-1,1001,90,CNY,refunded,2026-11-03 10:00,2026-11-06 10:00\nO-3,1001,1,CNY,paid,2026-11-07,\n"
)
DEALS = "deal_id,crm_id,name,stage,owner,amount,currency,updated_at\n"
SHANGHAI: dict[str, Any] = {"time_zone": "Asia/Shanghai"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A visit that named an address, then a CRM with its customers, orders and deals."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    visit = {"key_id": shop.key.id, "key_no": shop.key.no}
    shop.land(
        [
            event("m1", **visit, type="page", event="Home", timestamp=NOON - DAY),
            event(
                "m2",
                **visit,
                type="identify",
                event=None,
                traits='{"email": "wang@ex.cn"}',
                timestamp=NOON - DAY,
            ),
        ]
    )
    shop.stitched()
    customers = shop.file("customers.csv", CUSTOMERS.encode("gb18030"))
    shop.told = {
        "dry": shop.bring("customers", customers, dry=True, **SHANGHAI),
        "customers": shop.bring("customers", customers, **SHANGHAI),
        "again": shop.bring("customers", customers, **SHANGHAI),
        "orders": shop.bring("orders", shop.file("o.csv", ORDERS + FIRST), **SHANGHAI),
    }
    shop.told["changed"] = shop.bring("orders", shop.file("o2.csv", ORDERS + SECOND), **SHANGHAI)
    deals = (
        "D-1,1001,Ten seats,new,li,1000,CNY,2026-11-01T00:00Z\nD-2,,Nobody's,new,wu,5,CNY,2026-11-01T00:00Z\n"
    )
    shop.bring("deals", shop.file("d.csv", DEALS + deals))
    won = "D-1,1001,Ten seats,won,li,1500,CNY,2026-11-09T00:00Z\n"
    shop.told["deals"] = shop.bring("deals", shop.file("d2.csv", DEALS + won))
    items = '{"sku": "A", "name": "Apple", "price": 3, "colour": "red"}\n'
    shop.bring("items", shop.file("i.jsonl", items))
    calls = "type,phone,time\nCall,13800138000,2026-11-08T01:00Z\n"
    shop.told["calls"] = shop.bring("interactions", shop.file("calls.csv", calls))
    shop.stitched()
    return shop


def test_a_dry_run_tells_what_an_import_does_then(shop: Shop) -> None:
    dry, done = shop.told["dry"], shop.told["customers"]
    names = ("rows", "new", "changed", "unchanged", "repeated", "rejected", "contradictory_ids", "encoding")
    assert {name: dry[name] for name in names} == {name: done[name] for name in names}
    assert dry["known"] == {"rows": 1, "ids": {"email": 1}}
    assert shop.told["customers"] == shop.registry.import_(1).result


def test_every_row_is_counted_once(shop: Shop) -> None:
    done, again = shop.told["customers"], shop.told["again"]
    assert (done["rows"], done["new"], done["repeated"]) == (6, 2, 1)
    assert done["rejected"] == {"contradicted": 1, "ambiguous_date": 1, "bad_row": 1}
    assert (again["new"], again["changed"], again["unchanged"], again["rejected"]) == (0, 0, 5, {})
    assert shop.difference() == (16, 0)


def test_refused_rows_are_kept_with_row_and_column(shop: Shop) -> None:
    found = shop.ask(
        "SELECT reason, pointer, expected, raw->>'$.cells.姓名', type FROM rejected ORDER BY pointer"
    )
    assert [row[:3] for row in found] == [
        ("contradicted", "/rows/2", "one row of each id"),
        ("ambiguous_date", "/rows/4/更新时间", "date_order: dmy or mdy in the mapping"),
        ("bad_row", "/rows/6", "6 fields"),
    ]
    assert (found[1][3], {row[4] for row in found}) == ("张三", {"import"})


def test_what_a_crm_knows_joins_who_was_seen(shop: Shop) -> None:
    with shop.reader() as lake:
        found = profile(lake, "d1")
        same = profile(lake, "crm:1001")
    assert found is not None
    assert same == found
    assert {(one.kind, one.value) for one in found.identities} >= {
        ("anonymous_id", "d1"), ("crm_id", "1001"), ("email", "wang@ex.cn"), ("phone", "+8613800138000"),
    }  # fmt: skip
    assert [one.device_id for one in found.devices] == ["d1"]
    traits = {one.name: (one.value, one.source) for one in found.traits}
    assert traits["等级"] == ("5", "sojourn-import")
    assert traits["name"] == ('"王五"', "sojourn-import")


def test_an_address_that_names_a_row_stands_where_it_is_treated(tmp_path: Path) -> None:
    """Traits are treated by a plan's classes; no other part of the event says the address."""
    shop = Shop(tmp_path)
    mapping = "id: mail\nfields: {email: mail, note: note}"
    shop.bring("customers", shop.file("c.csv", "mail,note\nli@ex.cn,x\nwu@ex.cn,y\nwu@ex.cn,z\n"), mapping)
    shop.load_all()
    for extra, anonymous in shop.ask("SELECT extra::VARCHAR, anonymous_id FROM events"):
        assert "ex.cn" not in extra
        assert "ex.cn" not in anonymous
    assert shop.ask("SELECT count(*) FROM rejected WHERE (raw->'import')::VARCHAR LIKE '%ex.cn%'") == [(0,)]


def test_an_order_counts_once_and_its_newest_row_is_shown(shop: Shop) -> None:
    assert (shop.told["orders"]["new"], shop.told["changed"]["unchanged"]) == (2, 1)
    assert (shop.told["changed"]["new"], shop.told["changed"]["changed"]) == (1, 1)
    sums = (
        "SELECT event, count(*), sum((properties->>'$.total')::DOUBLE) FROM events WHERE event LIKE 'Order %'"
    )
    assert sorted(shop.ask(f"{sums} GROUP BY event")) == [
        ("Order Completed", 3, 1301.5),
        ("Order Updated", 1, None),
    ]
    (mine, _) = shop.ask("SELECT DISTINCT customer_id FROM orders ORDER BY customer_id")
    found = shop.ask(
        "SELECT order_id, total, status, ordered_at::VARCHAR, currency FROM orders ORDER BY order_id"
    )
    assert found[0] == ("O-1", 90.0, "refunded", "2026-11-03 02:00:00+00", "CNY")
    assert [row[0] for row in found] == ["O-1", "O-2", "O-3"]
    assert mine[0].startswith("c_")


def test_an_order_counts_while_it_stands_where_the_mapping_says(tmp_path: Path) -> None:
    """Cancelled at once, later, and paid again; wherever the index is lost in between, each once."""
    shop = Shop(tmp_path)
    head = "order_id,crm_id,total,status,ordered_at,updated_at\n"
    row = "{},{},10,{},2026-11-03T10:00Z,{}\n".format
    states = {"completed": ("Paid", "shipped"), "cancelled": "cancelled", "refunded": ("refunded",)}

    def bring(name: str, *rows: str) -> tuple[int, int]:
        done = shop.bring("orders", shop.file(f"{name}.csv", head + "".join(rows)), states=states)
        return done["new"], done["changed"]

    first = [
        row("A", 1, "paid", ""),
        row("B", 1, "cancelled", ""),
        row("C", 2, "new", ""),
        row("D", 2, "paid", ""),
    ]
    assert bring("1", *first) == (4, 0)
    gone = [
        row("A", 1, "refunded", "2026-11-05"),
        row("C", 2, "SHIPPED", "2026-11-05"),
        row("D", 2, "on hold", ""),
    ]
    gone = [one.replace("05\n", "05T00:00Z\n") for one in gone]
    gone.append(first[1])
    assert bring("2", *gone) == (0, 3)
    shop.load_all()
    (shop.settings.folders.imports / "rows.sqlite").unlink()
    assert bring("2", *gone) == (0, 0)
    assert bring("3", row("D", 2, "paid", "2026-11-06T00:00Z")) == (0, 1)
    shop.stitched()
    found = shop.ask(
        "SELECT extra->>'$.import.id', list(event ORDER BY load_seq), sum((properties->>'$.total')::INT),"
        " max(timestamp)::VARCHAR FROM events GROUP BY 1 ORDER BY 1"
    )
    assert [one[:3] for one in found] == [
        ("A", ["Order Completed", "Order Refunded"], 20),
        ("B", ["Order Updated"], None),
        ("C", ["Order Updated", "Order Completed"], 10),
        ("D", ["Order Completed", "Order Cancelled", "Order Completed"], 30),
    ]
    with shop.reader() as lake:
        buyers = rfm(lake, Rfm(since="30d", value="properties.total", customers=9), NOON + DAY).customers
    assert [(one.frequency, one.value) for one in buyers] == [(2, 20.0)]


def test_a_rule_that_came_later_corrects_orders_that_count_already(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    file = shop.file("o.csv", "order_id,crm_id,total,status\nA,1,10,void\nB,1,10,paid\n")
    shop.bring("orders", file)
    ruled: dict[str, Any] = {"states": {"completed": "paid"}}
    dry = shop.bring("orders", file, dry=True, **ruled)
    done, again = shop.bring("orders", file, **ruled), shop.bring("orders", file, **ruled)
    assert [(one["changed"], one["unchanged"]) for one in (dry, done, again)] == [(1, 1), (1, 1), (0, 2)]


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ("{cancelled: [x]}", "nothing is `completed`"),
        ("{completed: [paid, x], cancelled: X}", "'x' stands there twice"),
        ("{shipped: [x]}", "shipped"),
    ],
    ids=["nothing", "twice", "strange"],
)
def test_states_that_will_not_do(shop: Shop, states: str, says: str) -> None:
    mapping = f"states: {states}\nfields: {{order_id: 订单号, crm_id: 客户编号, status: 状态}}"
    with pytest.raises(BadImport, match=says):
        shop.bring("orders", shop.file("o6.csv", ORDERS + FIRST), mapping)


def test_deals_show_their_newest_state_and_every_one_is_an_event(shop: Shop) -> None:
    found = shop.ask("SELECT deal_id, stage, owner, amount, customer_id IS NULL FROM deals ORDER BY deal_id")
    assert found == [("D-1", "won", "li", 1500.0, False), ("D-2", "new", "wu", 5.0, True)]
    stages = "SELECT properties->>'$.stage' FROM events WHERE event = 'Deal Updated' AND user_id IS NULL"
    assert sorted(shop.ask(f"{stages} AND anonymous_id = 'crm:1001'")) == [("new",), ("won",)]
    assert shop.ask("SELECT item_id, name, price, properties->>'$.colour' FROM items") == [
        ("A", "Apple", 3.0, "red")
    ]


def test_who_stands_in_a_crm_was_not_there_for_that(shop: Shop) -> None:
    """Customers and deals make no visits; orders and calls do by Sojourn's own rules."""
    found = dict(shop.ask("SELECT device_id, count(*) FROM sessions GROUP BY device_id"))
    called = [device for device in found if device.startswith("import:")]
    assert found == {"d1": 1, "crm:1001": 3, "crm:1002": 1, called[0]: 1}
    assert shop.told["calls"]["new"] == 1
    owners = "SELECT i.customer_id FROM events JOIN identities AS i ON identity_key = subject_key"
    (call,) = shop.ask(f"{owners} WHERE event = 'Call'")
    assert call == shop.ask("SELECT customer_id FROM identities WHERE value = 'd1'")[0]


def test_an_index_that_is_lost_is_made_again(shop: Shop) -> None:
    (shop.settings.folders.imports / "rows.sqlite").unlink()
    told = shop.bring("orders", shop.file("o3.csv", ORDERS + SECOND), dry=False, **SHANGHAI)
    assert (told["new"], told["changed"], told["unchanged"]) == (0, 0, 3)


def test_one_import_at_a_time(shop: Shop) -> None:
    with alone(shop.settings.folders.imports), pytest.raises(ImportBusy, match="another import"):
        shop.bring("orders", shop.file("o4.csv", ORDERS + FIRST), **SHANGHAI)


def test_times_need_a_zone_that_somebody_said(shop: Shop) -> None:
    with pytest.raises(BadImport, match="'下单时间' has times without a zone"):
        shop.bring("orders", shop.file("o5.csv", ORDERS + FIRST))
