"""The gap rule by other engines, over the same files.

`python -m loadtest.stitching.peers ENGINE`, with the names of Parquet files as JSON on stdin.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.machine import peak_mb
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

_GAP_S: Final = 1_800
_CHDB: Final = """
    SELECT count() FROM (
        SELECT subject_key, arrayJoin(arraySplit(
            (at, apart) -> apart > {gap}, arraySort(groupArray(moment)) AS moments,
            arrayDifference(arrayMap(moment -> toInt64(toUnixTimestamp64Micro(moment)), moments))
        )) AS session
        FROM (SELECT subject_key, timestamp AS moment FROM file('{files}', Parquet))
        GROUP BY subject_key
    )"""


def by_polars(files: Sequence[str]) -> int:
    """Sort, pause to the event before, session rows."""
    polars: Any = importlib.import_module("polars")
    subject, at = polars.col("subject_key"), polars.col("timestamp")
    new = (subject != subject.shift(1)) | (at - at.shift(1) > polars.duration(seconds=_GAP_S))
    rows = (
        polars.scan_parquet(list(files), extra_columns="ignore")
        .select("subject_key", "timestamp")
        .sort("subject_key", "timestamp")
        .with_columns(session=new.fill_null(True).cum_sum())
        .group_by("session")
        .agg(subject.first(), at.min().alias("first"), at.max().alias("last"), polars.len().alias("events"))
    )
    return int(rows.collect(engine="streaming").height)


def by_chdb(files: Sequence[str]) -> int:
    """A sorted array a subject, split at pauses."""
    chdb: Any = importlib.import_module("chdb")
    sql = _CHDB.format(gap=_GAP_S * 1_000_000, files=_glob(files))
    return int(str(chdb.query(sql, "CSV")))


def _glob(files: Sequence[str]) -> str:
    """One path for all files; one that began with a brace would be looked for in the working folder."""
    return "/{" + ",".join(file.removeprefix("/") for file in files) + "}"


ENGINES: Final[dict[str, Callable[[Sequence[str]], int]]] = {"polars": by_polars, "chdb": by_chdb}


def peers(data: Path, report: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """CPU seconds, peak memory (MiB) and sessions of each engine that is installed."""
    with connect(WarehouseSettings(data=str(data)), read_only=True) as lake:
        files = [
            path for (path,) in lake.query("SELECT data_file FROM ducklake_list_files('lake', 'events')")
        ]
    found = {}
    for engine in ENGINES:
        if importlib.util.find_spec(engine) is None:
            report(f"{engine} is not installed")
            continue
        arguments = [sys.executable, "-m", "loadtest.stitching.peers", engine]
        text = msgspec.json.encode(files).decode()
        done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProgramFailed(f"{engine}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
        found[engine] = msgspec.json.decode(done.stdout, type=dict[str, float])
        report(f"{engine}: {found[engine]}")
    return found


def main(engine: str) -> None:
    """Prints one line of JSON."""
    files = msgspec.json.decode(sys.stdin.read(), type=list[str])
    importlib.import_module(engine)
    before = time.process_time()
    sessions = ENGINES[engine](files)
    cpu = time.process_time() - before
    print(msgspec.json.encode({"cpu_s": round(cpu, 3), "rss_mb": peak_mb(), "sessions": sessions}).decode())


if __name__ == "__main__":
    main(sys.argv[1])
