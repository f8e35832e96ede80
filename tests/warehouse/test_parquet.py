"""Rows of Parquet bytes, and the threads that reading them must not start."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.parquet import read_rows

COUNTED = """
import os, sys
import pyarrow as pa
from warehouse.parquet import read_rows
before = len(os.listdir("/proc/self/task"))
read_rows(sys.stdin.buffer.read())
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.fixture(scope="module")
def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({name: [1, 2, 3] * 1000 for name in "abcdef"}), sink, row_group_size=500)
    return bytes(sink.getvalue().to_pybytes())


def test_some_columns_or_all(parquet: bytes) -> None:
    assert read_rows(parquet).column_names == [*"abcdef"]
    assert read_rows(parquet, ["c", "a"]).column_names == ["c", "a"]


def test_what_is_not_there_is_an_error(parquet: bytes) -> None:
    with pytest.raises(pa.ArrowInvalid, match="no column z"):
        read_rows(parquet, ["a", "z"])
    with pytest.raises(pa.ArrowInvalid):
        read_rows(b"no parquet")


def test_no_threads_are_started(parquet: bytes) -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED], input=parquet, capture_output=True, check=True)
    assert int(done.stdout) == 0
