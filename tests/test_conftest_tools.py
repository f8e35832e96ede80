"""The shared fixtures do what they say: a real S3 server, a real browser, a real node, an empty HOME."""

import subprocess
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from loadtest.seaweed import BucketAt

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.s3
def test_s3_keeps_what_is_put(seaweed: BucketAt) -> None:
    client = seaweed.client()
    client.put_object(Bucket=seaweed.bucket, Key="landing/a=1/x.parquet", Body=b"bytes")
    assert client.get_object(Bucket=seaweed.bucket, Key="landing/a=1/x.parquet")["Body"].read() == b"bytes"
    listed = client.list_objects_v2(Bucket=seaweed.bucket, Prefix="landing/")["Contents"]
    assert [(found["Key"], found["Size"]) for found in listed] == [("landing/a=1/x.parquet", 5)]


@pytest.mark.s3
def test_each_test_has_a_bucket_of_its_own(seaweed: BucketAt) -> None:
    assert "Contents" not in seaweed.client().list_objects_v2(Bucket=seaweed.bucket)


# SeaweedFS 4.48 honours IfNoneMatch="*", for PutObject and CompleteMultipartUpload alike: the second writer
# gets 412 PreconditionFailed and the first bytes stay; of eight writers at once exactly one wins.
@pytest.mark.s3
def test_s3_create_only_has_one_winner(seaweed: BucketAt) -> None:
    answers = [create_only_by_eight(seaweed, f"segment-{number}") for number in range(10)]
    assert answers == [Counter({200: 1, 412: 7})] * 10


def create_only_by_eight(seaweed: BucketAt, key: str) -> Counter[int]:
    client = seaweed.client()

    def put(body: bytes) -> int:
        try:
            answer = client.put_object(Bucket=seaweed.bucket, Key=key, Body=body, IfNoneMatch="*")
            return answer["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(put, [bytes([writer]) for writer in range(8)]))


@pytest.mark.browser
def test_a_page_can_be_seen(page: "Page", tmp_path: Path) -> None:
    local = tmp_path / "page.html"
    local.write_text("<meta charset=utf-8><title>Sojourn</title><h1>客户 customer</h1>")
    page.goto(local.as_uri())
    picture = page.screenshot(path=tmp_path / "page.png")
    assert page.title() == "Sojourn"
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 2000


@pytest.mark.node
def test_node_loads_the_segment_sdk(node: Path) -> None:
    script = 'import { Analytics } from "@segment/analytics-node"; console.log(typeof Analytics)'
    where = Path(__file__).parent / "e2e" / "node"
    command = [str(node), "--input-type=module", "--eval", script]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "function\n"


def test_home_is_empty_at_first(empty_home: Path) -> None:
    assert Path.home() == empty_home
    assert not (empty_home / ".duckdb").exists()


def test_ports_differ(free_port: Callable[[], int]) -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
