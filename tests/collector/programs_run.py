"""Real `sojourn` programs, started and ended for certain."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from warehouse.segments import Record, scan


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "collector.command", *arguments]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **variables},
        check=False,
    )


@contextmanager
def started(*arguments: str, **variables: str) -> "Iterator[subprocess.Popen[str]]":
    """A program with its output in pipes; killed at the end where it still runs."""
    process = subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def line_with(process: "subprocess.Popen[str]", text: str, stream: str = "stderr") -> str:
    """The next line of the program that holds `text`."""
    lines = getattr(process, stream)
    line: str
    for line in iter(lines.readline, ""):
        if text in line:
            return line
    raise AssertionError(f"no line with {text!r}")


def listening(process: "subprocess.Popen[str]") -> str:
    """The address of a `sojourn collect` that just started."""
    found: dict[str, Any] = msgspec.json.decode(line_with(process, '"listening"'))
    return str(found["url"])


def pid_of(process: "subprocess.Popen[str]", name: str) -> int:
    """The process of the next program called `name` that it starts."""
    found: dict[str, Any] = msgspec.json.decode(line_with(process, f'"name": "{name}"'))
    assert found["event"] == "program started"
    return int(found["pid"])


def kept(data: Path) -> list[str]:
    """Message ids that stand in the journal or in landing."""
    found: list[str] = []
    for path in sorted((data / "landing").rglob("*.parquet")):
        found += pq.read_table(path, columns=["message_id"]).column(0).to_pylist()
    for path in (data / "journal").glob("*/*ed"):
        for record in scan(path.read_bytes()):
            assert isinstance(record, Record)
            found.append(msgspec.json.decode(record.body)["messageId"])
    return found
