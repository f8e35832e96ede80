"""A store behind the proxy meets each fault as a real one would have it."""

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from loadtest.proxy import Fault, Proxy
from loadtest.seaweed import BucketAt
from loadtest.wire import address
from tests.warehouse.test_landing import s3_store
from warehouse.errors import StoreUnavailable
from warehouse.landing import S3Store, Store

pytestmark = pytest.mark.s3
DATA = bytes(range(256)) * 4_000


class Behind:
    """The same bucket, past the proxy and through it."""

    def __init__(self, bucket: BucketAt, patch: pytest.MonkeyPatch) -> None:
        s3_store(bucket, patch)
        self.past = S3Store(bucket.bucket, "landing", bucket.endpoint_url, "us-east-1")
        self.bucket = bucket

    def try_with(self, fault: Fault | None, work: Callable[[Store], object]) -> tuple[object, Proxy]:
        async def tried() -> tuple[object, Proxy]:
            async with Proxy(address(self.bucket.endpoint_url), 0.2, Random(1)) as proxy:
                at = f"http://127.0.0.1:{proxy.port}"
                through = S3Store(self.bucket.bucket, "landing", at, "us-east-1")
                await proxy.set([fault] if fault else [])
                try:
                    return await asyncio.to_thread(work, through), proxy
                except StoreUnavailable:
                    return None, proxy

        return asyncio.run(tried())

    @property
    def keys(self) -> list[str]:
        return [info.key for info in self.past.list()]


@pytest.fixture
def behind(seaweed: BucketAt, monkeypatch: pytest.MonkeyPatch) -> Behind:
    monkeypatch.setattr("warehouse.stores._ANSWER_S", 1.0)
    return Behind(seaweed, monkeypatch)


def put(store: Store) -> bool:
    return store.put_new("a.parquet", DATA)


def test_a_proxy_that_is_well_changes_nothing(behind: Behind) -> None:
    assert behind.try_with(None, put)[0] is True
    assert behind.try_with(None, put)[0] is False
    assert behind.try_with(None, lambda store: store.get("a.parquet"))[0] == DATA
    assert behind.try_with(None, lambda store: [one.key for one in store.list()])[0] == ["a.parquet"]


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.ERROR_500, Fault.ERROR_503, Fault.CUT_UPLOAD, Fault.SILENT]
)
def test_what_fails_is_unavailable_and_leaves_nothing(behind: Behind, fault: Fault) -> None:
    done, proxy = behind.try_with(fault, put)
    assert done is None
    assert behind.keys == []
    assert proxy.met[fault] == (0 if fault is Fault.DOWN else 1)
    assert behind.try_with(None, put)[0] is True


def test_a_slow_store_is_no_store_that_failed(behind: Behind) -> None:
    done, proxy = behind.try_with(Fault.SLOW, put)
    assert (done, proxy.met[Fault.SLOW], behind.keys) == (True, 1, ["a.parquet"])


def test_an_upload_whose_answer_is_cut_is_found_there(behind: Behind) -> None:
    assert behind.try_with(Fault.CUT_ANSWER, put)[0] is None
    assert behind.try_with(None, put)[0] is False
    assert behind.past.get("a.parquet") == DATA


def test_half_of_an_object_is_never_taken_for_it(behind: Behind) -> None:
    behind.past.put_new("a.parquet", DATA)
    assert behind.try_with(Fault.CUT_ANSWER, lambda store: store.get("a.parquet"))[0] is None
