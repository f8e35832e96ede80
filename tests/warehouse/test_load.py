"""Landing to lake: every row exactly once, in the recorded order, at its place."""

import os
from pathlib import Path
from typing import Any

import pytest

from loadtest.seaweed import BucketAt
from tests.warehouse.lakes import HOUR, NOON, SECOND, Row, Site, event, ids
from warehouse import load as load_module
from warehouse.arrivals import Arrivals
from warehouse.balance import balance
from warehouse.lake import Lake
from warehouse.landing import open_store
from warehouse.load import load_new
from warehouse.segments import Head, RecordHead, encode_head, encode_record, segment_id


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_rows_go_where_their_verdict_says_and_share_one_order(site: Site) -> None:
    verdicts = ("ok", "warning", "rejected", "filtered", "damaged")
    site.land([event(f"m{at}", verdict=verdict, reason="x") for at, verdict in enumerate(verdicts)])
    site.land([event("m0"), event("m9")])
    report = site.load_all()
    counts = (report.stored, report.duplicate, report.rejected, report.filtered, report.damaged)
    assert (report.objects, report.rows, counts) == (2, 7, (3, 1, 1, 1, 1))
    with site.reader() as lake:
        assert ids(lake) == [(1, "m0"), (2, "m1"), (7, "m9")]
        assert ids(lake, "rejected") == [(3, "m2"), (4, "m3"), (5, "m4")]
        assert ids(lake, "duplicates") == [(6, "m0")]
        columns = "first_load_seq, last_load_seq, rows, stored, duplicate, rejected, filtered, damaged"
        assert lake.query(f"SELECT {columns} FROM objects ORDER BY 1") == [
            (1, 5, 5, 2, 0, 1, 1, 1),
            (6, 7, 2, 1, 1, 0, 0, 0),
        ]
        assert lake.query("SELECT name, load_seq FROM cursors") == [("load", 7)]


def test_every_column_arrives_as_it_landed(site: Site) -> None:
    said: Row = {
        "properties": '{"price": 1.50, "big": 12345678901234567890, "名": "林夏"}',
        "context": '{"a":[1,{"b":null}]}',
        "user_id": "u1",
        "original_timestamp": NOON - HOUR,
        "screen_width": 1920,
        "is_bot": False,
        "page_title": "鞋 👟",
        "timestamp": NOON - 25 * HOUR,
    }
    site.land([event("m", **said)])
    site.load_all()
    with site.reader() as lake:
        (row,) = lake.records(
            "SELECT *, epoch_us(timestamp) AS t, epoch_us(original_timestamp) AS o FROM events"
        )
    assert {name: row[name] for name in said if "timestamp" not in name} == {
        name: value for name, value in said.items() if "timestamp" not in name
    }
    assert (row["t"], row["o"]) == (said["timestamp"], said["original_timestamp"])
    assert str(row["event_day"]) == "2026-11-20"


def test_subjects_are_devices_and_without_one_users(site: Site) -> None:
    site.land([event("a", user_id="u"), event("b", anonymous_id=None, user_id="u")])
    site.load_all()
    keys = "identity_key('shop', 'anonymous_id', 'd1'), identity_key('shop', 'user_id', 'u')"
    with site.reader() as lake:
        subjects = [key for (key,) in lake.query("SELECT subject_key FROM events ORDER BY load_seq")]
        assert subjects == list(lake.query(f"SELECT {keys}")[0])


def test_text_that_is_no_json_is_kept_as_a_string_and_breaks_no_query(site: Site) -> None:
    lone = '{"a": "\\ud800"}'
    deep = "[" * 10_000 + "]" * 10_000
    site.land([event("a", properties=lone), event("b", properties=deep), event("c", properties="{bad")])
    assert site.load_all().stored == 3
    with site.reader() as lake:
        lake.query("SELECT properties->>'$.a', json_keys(properties) FROM events")
        ((kept,),) = lake.query("SELECT properties->>'$' FROM events WHERE message_id = 'c'")
    assert kept == "{bad"


def test_loading_again_changes_nothing(site: Site) -> None:
    site.land([event("a")])
    with site.writer() as lake:
        dedup = site.dedup(lake)
        assert site.load(lake, dedup).objects == 1
        snapshot = lake.snapshot()
        assert site.load(lake, dedup).objects == 0
        assert lake.snapshot() == snapshot
    assert site.load_all().objects == 0


def test_objects_load_by_hour_and_name_and_the_limit_cuts_between_objects(site: Site) -> None:
    site.land([event("c"), event("d")], opened_at=NOON, worker="n-w1")
    site.land([event("b")], opened_at=NOON, worker="n-w0")
    site.land([event("a")], opened_at=NOON - HOUR, worker="n-w1")
    with site.writer() as lake:
        first = site.load(lake, limit=2)
        second = site.load(lake, limit=2)
        assert (first.objects, first.waiting, second.objects, second.waiting) == (2, 1, 1, 0)
        assert [id for _, id in ids(lake)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("where", ["write_rows", "write_objects", "move_cursor"])
def test_a_load_that_fails_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    site.land([event("a"), event("b", verdict="rejected")])
    real = getattr(load_module, where)

    def fail(*args: Any) -> None:
        real(*args)
        raise OSError("disk full")

    with site.writer() as lake:
        dedup = site.dedup(lake)
        monkeypatch.setattr(load_module, where, fail)
        with pytest.raises(OSError, match="disk full"):
            site.load(lake, dedup)
        monkeypatch.undo()
        assert [lake.query(f"SELECT * FROM {table}") for table in ("events", "objects", "cursors")] == [
            [],
            [],
            [],
        ]
        assert site.load(lake, dedup).rows == 2


def test_a_crash_after_the_commit_leaves_no_hole_in_the_index(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.land([event("a")])
    with site.writer() as lake:
        dedup = site.dedup(lake)
        monkeypatch.setattr(dedup, "add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            site.load(lake, dedup)
    site.land([event("a"), event("b")])
    report = site.load_all()
    assert (report.duplicate, report.stored) == (1, 1)


def test_same_body_tells_a_resend_from_a_clash(site: Site) -> None:
    site.land([event("a", properties='{"n":1}')])
    site.land([event("a", properties='{"n":1}', received_at=NOON + SECOND, timestamp=NOON)])
    site.land([event("a", properties='{"n":2}')])
    site.load_all()
    with site.reader() as lake:
        assert lake.query("SELECT same_body FROM duplicates ORDER BY load_seq") == [(True,), (False,)]


def test_projects_do_not_share_ids(site: Site) -> None:
    site.land([event("a", project="shop"), event("a", project="school")])
    assert site.load_all().stored == 2


def test_a_damaged_object_is_named_and_holds_nobody_up(site: Site) -> None:
    bad = site.land([event("a")])
    site.land([event("b")])
    path = site.store.local_path(bad)
    assert path is not None
    path.write_bytes(path.read_bytes()[:-9])
    with site.writer() as lake:
        arrivals = Arrivals(site.store, lake, now=site.now)
        dedup = site.dedup(lake)

        def load() -> tuple[tuple[str, ...], int]:
            report = load_new(lake, site.store, dedup, limit=9, now=site.now, arrivals=arrivals)
            return report.damaged_objects, report.stored

        assert load() == ((bad,), 1)
        assert load() == ((), 0)
        site.clock += 61 * SECOND
        assert load() == ((bad,), 0)


def test_an_object_of_an_old_hour_is_found_by_the_sweep(site: Site) -> None:
    with site.writer() as lake:
        arrivals = Arrivals(site.store, lake, now=site.now, sweep_every=60)
        assert arrivals.waiting() == []
        old = site.land([event("a")], opened_at=NOON - 30 * HOUR)
        new = site.land([event("b")])
        for place in (site.store.root, (site.store.root / new).parent):
            (place / "README").write_text("not an object")
        assert arrivals.waiting() == [new]
        site.clock += 60 * SECOND
        assert arrivals.waiting() == [old, new]
        arrivals.loaded([new])
        assert arrivals.waiting() == [old]


def test_the_oldest_object_that_waits_is_known_also_where_it_cannot_be_read(site: Site) -> None:
    keys = [site.land([event(name)]) for name in "ab"]
    for age, key in enumerate(keys):
        put_at = (site.clock - (30 + age) * SECOND) * 1000
        os.utime(site.store.root / key, ns=(put_at, put_at))
    with site.writer() as lake:
        arrivals = Arrivals(site.store, lake, now=site.now)
        left = [arrivals.left]
        assert arrivals.waiting() == keys
        arrivals.set_aside(keys[1:])
        left.append(arrivals.left)
        arrivals.loaded(keys[1:])
        left.append(arrivals.left)
        arrivals.loaded(keys)
        left.append(arrivals.left)
    oldest, older = site.clock - 31 * SECOND, site.clock - 30 * SECOND
    assert left == [(0, None), (2, oldest), (1, older), (0, None)]


def test_complete_until_stops_at_the_oldest_segment_that_is_not_in(site: Site) -> None:
    journal = site.settings.folders.journal

    def until() -> int | None:
        report = load_new(lake, site.store, site.dedup(lake), limit=9, now=site.now, journal=journal)
        return report.complete_until

    with site.writer() as lake:
        site.clock = NOON + 100 * SECOND
        site.land([event("a")])
        assert until() == site.clock - SECOND
        opened = NOON + 90 * SECOND
        put_segment(journal, "n-w0", 77, opened)
        site.clock += 60 * SECOND
        site.land([event("b")])
        assert until() == opened - SECOND
        assert lake.query("SELECT epoch_us(complete_until) FROM cursors") == [(opened - SECOND,)]


def test_while_nothing_comes_the_lake_is_asked_twice_a_minute(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def asking(self: Lake, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return query(self, sql, params)

    query, journal = Lake.query, site.settings.folders.journal
    with site.writer() as lake:
        dedup, arrivals = site.dedup(lake), Arrivals(site.store, lake, now=site.now, sweep_every=3600)
        monkeypatch.setattr(Lake, "query", asking)
        seen = []
        for _ in range(241):
            asked.clear()
            found = load_new(
                lake, site.store, dedup, limit=9, now=site.now, arrivals=arrivals, journal=journal
            )
            seen.append((found.complete_until, bool(asked)))
            site.clock += SECOND // 4
        assert [number for number, (_, looked) in enumerate(seen) if looked] == [0, 120, 240]
        moved = sorted({until for until, _ in seen if until is not None})
        assert len(moved) == 3
        assert query(lake, "SELECT epoch_us(complete_until) FROM cursors") == [(moved[-1],)]


def test_complete_until_stops_at_the_hour_of_what_waits(site: Site) -> None:
    site.land([event("a")], opened_at=NOON - 2 * HOUR)
    site.land([event("b")], opened_at=NOON - HOUR)
    journal = site.settings.folders.journal
    with site.writer() as lake:
        dedup = site.dedup(lake)
        untils = [
            load_new(lake, site.store, dedup, limit=1, now=site.now, journal=journal).complete_until
            for _ in range(2)
        ]
    assert untils == [NOON - HOUR - SECOND, site.clock - SECOND]


@pytest.mark.s3
def test_landing_on_s3_loads_as_a_folder_does(
    site: Site, seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed.secret_key)
    store = open_store(f"s3://{seaweed.bucket}/in?endpoint={seaweed.endpoint_url}&region=us-east-1")
    key = site.land([event("a"), event("b")])
    store.put_new(key, site.store.get(key))
    with site.writer() as lake:
        report = load_new(lake, store, site.dedup(lake), limit=9, now=site.now)
        assert (report.objects, report.stored) == (1, 2)
        assert load_new(lake, store, site.dedup(lake), limit=9, now=site.now).objects == 0
        assert balance(lake, store, site.registry, site.settings.folders.journal).total.difference == 0


def put_segment(journal: Path, worker: str, number: int, opened_at: int) -> str:
    """An open segment with one event."""
    name = segment_id(worker, NOON // 1000, number)
    head = RecordHead(opened_at, 1, "k_1", "shop", "segment", "track", None, None, None, "batch")
    data = encode_head(Head("n", worker, NOON // 1000, number, opened_at))
    data += encode_record(head, b'{"event":"x"}', 0, 1)
    (journal / worker).mkdir(parents=True, exist_ok=True)
    (journal / worker / f"{name.removeprefix(worker + '-')}.open").write_bytes(data)
    return name
