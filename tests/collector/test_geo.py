"""Where an address is: layouts, a database that changes, one that cannot be read, events with addresses."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from collector.geo import Geo, database, place_of, places_at_once, places_of, unpack_shipped
from sdk_contract.dialects import Parsed
from sdk_contract.dialects.segment import parse
from tests.collector.running import running
from warehouse.segments import Place

CN, US, NOWHERE = Place("CN"), Place("US"), Place()
CHINESE, AMERICAN, PRIVATE = "114.114.114.114", "8.8.8.8", "10.1.2.3"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_shipped(tmp_path_factory.mktemp("run"))


@pytest.fixture
def geo(shipped: Path) -> Geo:
    found = Geo(shipped, pytest.fail)
    assert found.refresh()
    return found


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (CHINESE, CN),
        (AMERICAN, US),
        ("2001:4860:4860::8888", US),
        (PRIVATE, None),
        ("no address", None),
        (f"{AMERICAN}\0", None),
        (None, None),
    ],
)
def test_the_shipped_database_knows_countries(geo: Geo, address: str | None, place: Place | None) -> None:
    assert geo.place(address) == place
    assert geo.place(address) == place


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ({"country_code": "DE"}, Place("DE")),
        ({"country": "DE", "region": "Hesse"}, Place("DE", "Hesse")),
        ({"country_code": "CN", "state1": "Beijing", "city": "Haidian"}, Place("CN", "Beijing", "Haidian")),
        (
            {
                "country": {"iso_code": "GB"},
                "subdivisions": [{"iso_code": "ENG", "names": {"en": "England"}}, {"iso_code": "WBK"}],
                "city": {"names": {"de": "X", "en": "Boxford"}},
            },
            Place("GB", "GB-ENG", "Boxford"),
        ),
        ({"registered_country": {"iso_code": "FR"}, "subdivisions": []}, Place("FR")),
        ({"country_code": "ZZ"}, None),
        ({"country": {"iso_code": 5}, "city": {"names": []}}, None),
        ({"subdivisions": [{"names": {"en": "Bern"}}]}, Place(None, "Bern")),
        (None, None),
        ("DE", None),
    ],
)
def test_layouts(found: object, place: Place | None) -> None:
    assert place_of(found) == place


def test_a_file_that_changes_is_read_again_and_a_bad_one_is_not(shipped: Path, tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "some.mmdb"
    geo = Geo(path, told.append)
    assert (geo.refresh(), geo.on, geo.place(CHINESE), told) == (False, False, None, [])
    shutil.copy(shipped, path)
    assert geo.refresh()
    assert geo.place(CHINESE) == CN
    assert not geo.refresh()
    path.write_bytes(b"half a file")
    assert not geo.refresh()
    assert not geo.refresh()
    assert geo.place(AMERICAN) == US
    assert len(told) == 1
    assert str(path) in told[0]
    fresh = path.with_suffix(".new")
    shutil.copy(shipped, fresh)
    os.replace(fresh, path)
    assert geo.refresh()
    assert geo.place(CHINESE) == CN


def test_which_database(tmp_path: Path) -> None:
    assert database("off", tmp_path) is None
    assert database("/x/y.mmdb", tmp_path) == Path("/x/y.mmdb")
    assert database("", tmp_path) == tmp_path / "country-2026-06-17.mmdb"


def test_the_shipped_one_is_unpacked_once_and_replaces_an_older(tmp_path: Path) -> None:
    older = tmp_path / "country-2020-01-01.mmdb"
    older.write_bytes(b"old")
    path = unpack_shipped(tmp_path)
    first = path.stat().st_mtime_ns
    assert unpack_shipped(tmp_path).stat().st_mtime_ns == first
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def events(*contexts: object) -> list[Raw]:
    return [
        Raw(json.dumps({"type": "page"} | ({"context": one} if one else {})).encode()) for one in contexts
    ]


def test_an_event_can_bring_its_own_address(geo: Geo) -> None:
    sent = events({"ip": CHINESE}, {"ip": PRIVATE}, {"ip": ""}, {"ip": 5}, {"locale": "de"}, None)
    assert places_of(Parsed(None, None, sent), geo) == {0: CN, 1: NOWHERE}
    shared = Parsed(None, None, [*sent, Raw(b"NaN")], Raw(b'{"ip":"8.8.8.8"}'))
    assert places_of(shared, geo) == {0: CN, 1: NOWHERE, 5: US}


IPS = st.sampled_from([CHINESE, AMERICAN, PRIVATE, "", 5, None, ["8.8.8.8"]])
CONTEXTS = st.fixed_dictionaries({}, optional={"ip": IPS, "locale": st.just("de")}) | st.sampled_from(
    [None, "x"]
)
EVENTS = st.fixed_dictionaries({"type": st.just("page")}, optional={"context": CONTEXTS, "ip": IPS})


@given(st.lists(EVENTS, max_size=3), st.fixed_dictionaries({}, optional={"context": CONTEXTS}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_read_in_one_go_the_places_are_the_same(
    geo: Geo, sent: list[object], envelope: dict[str, object]
) -> None:
    whole = json.dumps({"batch": sent, **envelope}).encode()
    requests = [("batch", whole), *(("track", json.dumps(event).encode()) for event in sent)]
    for kind, body in requests:
        at_once = places_at_once(kind, body, geo)
        assert at_once in (None, places_of(parse(kind, body), geo))
        assert at_once is not None or b'"context": "x"' in body


@pytest.mark.parametrize(
    "body", [b'{"batch":[1]}', b"[]", b'{"batch":[{"context":{"ip":"8.8.8.8"}}', b"\xff", b""]
)
def test_what_needs_a_look_by_itself_is_not_read_in_one_go(geo: Geo, body: bytes) -> None:
    assert places_at_once("batch", body, geo) is None


def test_the_place_is_found_before_the_address_is_treated(tmp_path: Path, shipped: Path) -> None:
    with running(tmp_path, policy="drop", geo=str(shipped), trusted_proxies="127.0.0.0/8") as door:
        event = {"userId": "u", "event": "Paid"}
        door.client.post("/v1/track", json=event, headers={"x-forwarded-for": CHINESE})
        batch = [{"type": "track", **event, "context": {"ip": AMERICAN}}, {"type": "track", **event}]
        door.client.post("/v1/batch", json={"batch": batch}, headers={"x-forwarded-for": CHINESE})
        heads = [record.head for record in door.records()]
        bodies = b"".join(record.body for record in door.records())
    assert [(head.ip, head.place, head.places) for head in heads] == [(None, CN, {}), (None, CN, {0: US})]
    assert AMERICAN.encode() not in bodies
