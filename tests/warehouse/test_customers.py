"""A customer, found by any id."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.lakes import DAY, HOUR, NOON, SECOND, Site, event
from warehouse.customers import find_customer
from warehouse.lake import Lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Lin has two devices, one of them shared with Mo; tables as the sessionizer leaves them."""
    site = Site(Path(tmp_path_factory.mktemp("site")))
    site.land(
        [
            event("m1", anonymous_id="d1", timestamp=NOON - DAY, properties='{"price": 1.50}'),
            event("m2", anonymous_id="d1", user_id="lin", timestamp=NOON - DAY + SECOND, page_title="鞋"),
            event("m3", anonymous_id="d1", user_id="mo", timestamp=NOON - DAY + 2 * SECOND),
            event("m4", anonymous_id="d2", user_id="lin", timestamp=NOON - HOUR),
            event("m5", anonymous_id="d2", user_id="lin", timestamp=NOON - HOUR),
            event("m6", anonymous_id="d9"),
        ]
    )
    with site.writer() as lake:
        site.load(lake)
        fill(lake)
        yield lake


def fill(lake: Lake) -> None:
    key = "identity_key('shop', '{}', '{}')"
    for id, kind, value, customer in (
        (1, "anonymous_id", "d1", "c_lin"),
        (2, "user_id", "lin", "c_lin"),
        (4, "anonymous_id", "d2", "c_lin"),
        (3, "user_id", "mo", "c_mo"),
        (6, "user_id", "d1", "c_odd"),
    ):
        lake.execute(
            "INSERT INTO identities (project, identity_key, kind, value, customer_id, first_load_seq,"
            f" first_seen, last_seen, evidence) VALUES ('shop', {key.format(kind, value)}, ?, ?, ?, ?, "
            f"make_timestamptz({NOON}), make_timestamptz({NOON}), 'same_event')",
            [kind, value, customer, id],
        )
    for session, device, user, first, last, start, end in (
        ("s_1", "d1", "lin", "m1", "m2", NOON - DAY, NOON - DAY + SECOND),
        ("s_2", "d1", "mo", "m3", "m3", NOON - DAY + 2 * SECOND, NOON - DAY + 2 * SECOND),
        ("s_3", "d2", "lin", "m4", "m5", NOON - HOUR, NOON - HOUR),
    ):
        lake.execute(
            "INSERT INTO sessions BY NAME SELECT ? AS session_id, 'shop' AS project, ? AS device_id, "
            f"? AS user_id, {key.format('anonymous_id', device)} AS subject_key, "
            f"{key.format('user_id', user)} AS identity_key, ? AS first_message_id, ? AS last_message_id, "
            f"make_timestamptz({start}) AS started_at, make_timestamptz({end}) AS ended_at",
            [session, device, user, first, last],
        )
    lake.execute("INSERT INTO customer_redirects VALUES ('c_old', 'c_older', 1), ('c_older', 'c_lin', 2)")
    lake.execute(
        "INSERT INTO session_aliases VALUES ('s_0', 's_9', 1), ('s_9', 's_1', 2), ('s_loop', 's_loop', 1), "
        "('s_7', 's_2', 3), ('s_2', 's_1', 4)"  # s_2 was retired and is in use again
    )


@pytest.mark.parametrize(
    ("any_id", "customer"),
    [
        ("c_lin", "c_lin"),
        ("c_old", "c_lin"),
        ("lin", "c_lin"),
        ("d2", "c_lin"),
        ("s_1", "c_lin"),
        ("s_0", "c_lin"),
        ("s_7", "c_mo"),
        ("m2", "c_lin"),
        ("m3", "c_mo"),
        ("mo", "c_mo"),
        ("d1", "c_odd"),
        ("m6", None),
        ("nobody", None),
        ("s_loop", None),
        ("c_never", None),
        ("", None),
        ("'; DROP TABLE events; --", None),
    ],
)
def test_any_id_leads_to_the_customer(lake: Lake, any_id: str, customer: str | None) -> None:
    assert find_customer(lake, any_id) == customer
