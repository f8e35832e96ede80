"""The questions of `insights` asked of ClickHouse (chdb) beside Sojourn, over the same columns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.questions import Took
from warehouse.insights.values import literal
from warehouse.lake import Lake
from warehouse.statements import statement

EVENTS: Final = "events.parquet"
IDENTITIES: Final = "identities.parquet"
_HERE: Final = Path(__file__).parent


def available() -> bool:
    """Whether chdb is installed."""
    return find_spec("chdb") is not None


def text(name: str, **parts: int | str | Path) -> str:
    """One statement, filled in."""
    return (_HERE / f"{name}.sql").read_text("utf-8").format(**parts)


@contextmanager
def columns(lake: Lake, until: int) -> Iterator[Path]:
    """Inside, a folder with the columns that the questions read until a moment (µs UTC), as Parquet."""
    ((project,),) = lake.query("SELECT DISTINCT project FROM customers")
    ((seq,),) = lake.query("SELECT load_seq FROM cursors WHERE name = 'stitch'")
    read = {"project": literal(project), "seq": seq, "until": until}
    owned = statement("insights/owned", project=read["project"])
    abroad = statement("insights/abroad", owned=owned, since=0, **read)
    with TemporaryDirectory(prefix="sojourn-columns-") as made:
        folder = Path(made)
        lake.execute(text("columns", abroad=abroad, events=folder / EVENTS, **read))
        lake.execute(text("ids", identities=folder / IDENTITIES))
        yield folder


def asked(folder: Path, name: str, since: int) -> Took:
    """What one question cost chdb in a program of its own."""
    command = [sys.executable, "-m", "loadtest.clickhouse", str(folder), name, str(since)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        last = (done.stderr.decode().strip().splitlines() or ["no word"])[-1]
        raise ProgramFailed(f"chdb, {name}: {last[:300]}")
    return msgspec.json.decode(done.stdout, type=Took)
