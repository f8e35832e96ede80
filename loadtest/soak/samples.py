"""What a running Sojourn takes up, read from outside every few seconds: memory, descriptors, files, CPU."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.house import House
from loadtest.processes import Process, cpu_of, role
from warehouse.settings import Folders

MIB: Final = 1 << 20
# Files of the lake below this are still to be merged, or to leave the disk; full ones stay.
FULL_BYTES: Final = 4 * MIB


class Sample(msgspec.Struct, frozen=True):
    """One look. By program: own memory and all resident memory in MiB, CPU seconds, open descriptors.

    Own memory leaves out pages of mapped files, which the system takes back when it needs them. `files`,
    `mib`: how many files and MiB there are, by place; `pids`: which processes there were.
    """

    second: float
    own: dict[str, float]
    resident: dict[str, float]
    cpu: dict[str, float]
    descriptors: dict[str, int]
    files: dict[str, int]
    mib: dict[str, float]
    pids: frozenset[int]


def sample(house: House, folders: Folders, second: float) -> Sample:
    """What there is now; a process or file that goes away meanwhile is left out."""
    found = house.all()
    memory = {process.pid: _memory(process.pid) for process in found}
    files, sizes = _files(folders)
    return Sample(
        second,
        _summed({one: memory[one.pid].get("RssAnon", 0) / 1024 for one in found}),
        _summed({one: memory[one.pid].get("VmRSS", 0) / 1024 for one in found}),
        _summed({one: cpu_of([one]).seconds.get(one.pid, 0.0) for one in found}),
        {name: int(number) for name, number in _summed({one: _open(one.pid) for one in found}).items()},
        files,
        {name: round(size / MIB, 3) for name, size in sizes.items()},
        frozenset(one.pid for one in found),
    )


def _summed(values: Mapping[Process, float]) -> dict[str, float]:
    sums: Counter[str] = Counter()
    for process, value in values.items():
        sums[role(process)] += value  # type: ignore[assignment]
    return dict(sums)


def _memory(pid: int) -> dict[str, int]:
    """KiB by the names of /proc/PID/status."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return {
            name: int(rest.split()[0])
            for name, _, rest in (line.partition(":") for line in lines)
            if name in ("VmRSS", "RssAnon")
        }
    return {}


def _open(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))
    return 0


def _files(folders: Folders) -> tuple[dict[str, int], dict[str, int]]:
    """Number and bytes of files by place."""
    lake = list(_sizes(folders.lake_data))
    small = [size for size in lake if size < FULL_BYTES]
    places = {
        "journal": list(_sizes(folders.journal)),
        "landing": list(_sizes(folders.landing)),
        "lake, small": small,
        "lake, full": [size for size in lake if size >= FULL_BYTES],
        "dedup": list(_sizes(folders.dedup)),
        "run": list(_sizes(folders.root / "run")),
        "catalog": _of(folders.catalog),
        "registry": _of(folders.registry),
    }
    return (
        {name: len(sizes) for name, sizes in places.items() if name not in ("catalog", "registry")},
        {name: sum(sizes) for name, sizes in places.items()},
    )


def _sizes(folder: Path) -> Iterator[int]:
    for at, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield os.stat(os.path.join(at, name)).st_size


def _of(database: Path) -> list[int]:
    """A SQLite file with its log."""
    return [path.stat().st_size for path in (database, Path(f"{database}-wal")) if path.exists()]


class Log:
    """The log of the house, read as it grows: the seconds that a routine step took."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0

    def took(self, step: str) -> list[float]:
        """Of every time that `step` was logged since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        return [float(fields["seconds"]) for fields in _lines(whole) if fields.get("event") == step]


def _lines(text: bytes) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        with suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=dict[str, Any])
