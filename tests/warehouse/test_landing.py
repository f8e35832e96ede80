"""Landing: keys, the documented schema, and stores: a folder and a real S3 server pass the same tests."""

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from loadtest.seaweed import BucketAt
from warehouse import stores
from warehouse.errors import BadName, ObjectDamaged, ObjectMissing, StoreRefused, StoreUnavailable
from warehouse.landing import (
    SCHEMA,
    LocalStore,
    S3Store,
    Store,
    object_key,
    open_store,
    segment_of,
)

SEGMENT = "my-node-w0-1700000000000-00000007"
OPENED = 1_700_000_000_000_000


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield open_store(str(tmp_path / "landing"))
        return
    with pytest.MonkeyPatch.context() as patch:
        yield s3_store(request.getfixturevalue("seaweed"), patch)


def s3_store(bucket: BucketAt, patch: pytest.MonkeyPatch) -> Store:
    patch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key)
    patch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_key)
    endpoint = quote(bucket.endpoint_url, safe="")
    return open_store(f"s3://{bucket.bucket}/sojourn/landing?endpoint={endpoint}&region=us-east-1")


def test_a_key_is_the_received_hour_and_the_segment() -> None:
    key = object_key(SEGMENT, OPENED)
    assert key == f"date=2023-11-14/hour=22/{SEGMENT}.parquet"
    assert segment_of(key) == SEGMENT


@pytest.mark.parametrize("key", ["x.csv", f"{SEGMENT}.parquet.tmp", "date=1/x.parquet", ""])
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(BadName, match="expected"):
        segment_of(key)


def test_every_column_says_what_it_holds() -> None:
    assert len(set(SCHEMA.names)) == len(SCHEMA.names)
    assert all(len(field.metadata[b"doc"]) > 8 for field in SCHEMA)


def test_an_object_is_created_once_and_never_changed(store: Store) -> None:
    assert store.put_new("date=1/hour=2/a.parquet", b"first")
    assert not store.put_new("date=1/hour=2/a.parquet", b"second")
    assert store.get("date=1/hour=2/a.parquet") == b"first"


def test_objects_are_listed_in_key_order_by_prefix_and_from_a_key_on(store: Store) -> None:
    keys = [f"date={day}/hour={hour}/{name}.parquet" for day in "21" for hour in "31" for name in "cab"]
    for number, key in enumerate(keys):
        store.put_new(key, b"x" * number)
    listed = list(store.list())
    assert [(found.key, found.size) for found in listed] == [(key, keys.index(key)) for key in sorted(keys)]
    # Of another clock than ours, in whole seconds where it is S3's.
    assert all(abs(found.put_at / 1e6 - time.time()) < 60 for found in listed)
    assert [found.key for found in store.list("date=2/hour=1/")] == sorted(keys)[6:9]
    assert [found.key for found in store.list("date=1/hour=3/b")] == ["date=1/hour=3/b.parquet"]
    assert [found.key for found in store.list("date=", after="date=1/hour=3/b.parquet")] == sorted(keys)[5:]
    assert [found.key for found in store.list(after="date=2/hour=3/a")] == sorted(keys)[9:]
    assert list(store.list("nothing/")) == []


def test_a_folder_is_listed_in_key_order_whatever_its_names(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    keys = ["a-b/c.parquet", "a.parquet", "a/b.parquet", "a/c/d.parquet", "b/x.parquet"]
    for key in reversed(keys):
        store.put_new(key, b"1")
    assert [found.key for found in store.list()] == keys


def test_an_object_can_be_asked_for_and_removed(store: Store) -> None:
    assert not store.exists("k.parquet")
    store.put_new("k.parquet", b"1")
    assert store.exists("k.parquet")
    store.delete("k.parquet")
    store.delete("k.parquet")
    assert not store.exists("k.parquet")
    with pytest.raises(ObjectMissing, match=r"k\.parquet"):
        store.get("k.parquet")


def test_of_many_who_create_the_same_object_one_has_done_it(store: Store) -> None:
    gate = threading.Barrier(4)
    created: list[bool] = []

    def create(number: int) -> None:
        gate.wait()
        created.append(store.put_new("same.parquet", b"%d" % number * 10_000))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [False, False, False, True]
    assert len(set(store.get("same.parquet"))) == 1


def test_a_folder_gives_the_path_of_an_object(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/b.parquet", b"1")
    path = store.local_path("a/b.parquet")
    assert path is not None
    assert path.read_bytes() == b"1"


def test_an_object_is_never_seen_half_and_a_failed_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/before.parquet", b"1")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.put_new("a/b.parquet", b"1")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["before.parquet"]
    assert store.put_new("a/b.parquet", b"2")


def test_what_a_killed_writer_left_aside_is_no_object_and_is_removed(tmp_path: Path) -> None:
    left = tmp_path / stores.UNFINISHED / "1-0-x.parquet"
    left.parent.mkdir()
    left.write_bytes(b"half")
    store = LocalStore(tmp_path)
    assert list(store.list()) == []
    store.put_new("x.parquet", b"whole")
    assert not left.exists()
    assert [found.key for found in store.list()] == ["x.parquet"]


def test_every_name_on_the_way_to_an_object_is_synced_even_when_the_object_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LocalStore(tmp_path / "landing").put_new("date=1/hour=2/a.parquet", b"1")
    synced: list[Path] = []
    monkeypatch.setattr(stores, "_fsync", synced.append)
    assert not LocalStore(tmp_path / "landing").put_new("date=1/hour=2/a.parquet", b"1")
    landing = tmp_path / "landing"
    hour = landing / "date=1" / "hour=2"
    assert {tmp_path, landing, landing / "date=1", hour, hour / "a.parquet"} <= set(synced)


@pytest.mark.parametrize("key", ["", "/etc/x", "../x", "a/../../x"])
def test_a_key_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(StoreRefused, match="relative path"):
        LocalStore(tmp_path).put_new(key, b"1")


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(StoreRefused, match="give this user the right"):
        LocalStore(blocked / "landing").put_new("a.parquet", b"1")


@pytest.mark.parametrize("url", ["s3:///prefix", "s3://bucket/x?endpont=http://h"])
def test_a_wrong_address_names_what_would_do(url: str) -> None:
    with pytest.raises(StoreRefused, match="expected s3://bucket/prefix"):
        open_store(url)


@pytest.mark.s3
def test_a_server_without_conditional_writes_is_looked_at_first(
    seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = s3_store(seaweed, monkeypatch)
    assert isinstance(store, S3Store)

    def refuse(operation: str, key: str, **arguments: object) -> object:
        if "IfNoneMatch" in arguments:
            raise stores._NotImplementedError
        return call(operation, key, **arguments)

    call = store._call
    monkeypatch.setattr(store, "_call", refuse)
    assert store.put_new("a.parquet", b"1")
    assert not store.put_new("a.parquet", b"2")
    assert store.get("a.parquet") == b"1"


def test_an_object_that_is_damaged_can_be_replaced(store: Store) -> None:
    store.put_new("a.parquet", b"half")
    store.replace("a.parquet", b"whole")
    assert store.get("a.parquet") == b"whole"
    assert [info.size for info in store.list()] == [5]


@pytest.mark.s3
def test_an_object_that_is_not_what_was_written_is_told(
    seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = s3_store(seaweed, monkeypatch)
    assert isinstance(store, S3Store)
    store.put_new("a.parquet", b"whole")
    [info] = seaweed.client().list_objects_v2(Bucket=seaweed.bucket)["Contents"]
    written = seaweed.client().head_object(Bucket=seaweed.bucket, Key=info["Key"])["Metadata"]
    seaweed.client().put_object(Bucket=seaweed.bucket, Key=info["Key"], Body=b"other", Metadata=written)
    with pytest.raises(ObjectDamaged, match="is not what was written"):
        store.get("a.parquet")


@pytest.mark.s3
def test_a_missing_bucket_is_refused_and_a_silent_server_is_unavailable(
    seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_store(seaweed, monkeypatch)
    with pytest.raises(StoreRefused, match="no-such-bucket"):
        S3Store("no-such-bucket", "", seaweed.endpoint_url, "us-east-1").get("a")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1"):
        S3Store("b", "", "http://127.0.0.1:1", "us-east-1").get("a")


@pytest.mark.s3
def test_without_credentials_the_error_names_the_variables(
    seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreRefused, match="AWS_ACCESS_KEY_ID"):
        S3Store("b", "", seaweed.endpoint_url, "us-east-1").get("a")
