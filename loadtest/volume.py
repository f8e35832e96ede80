"""A disk of a limited size for a data folder: one in memory where this user may mount it, else a share of the
disk that is there.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

WATERMARK = 0.85


class Volume(msgspec.Struct, frozen=True):
    """`folder` lies on it; `watermark` is the share of its disk at which `size` bytes are as good as full."""

    folder: Path
    size: int
    watermark: float

    @property
    def share(self) -> float:
        """How full the disk is, 0 to 1."""
        used, whole = _bytes(self.folder)
        return used / whole

    @property
    def too_much(self) -> int:
        """Bytes that have to go before a collector which was full opens."""
        used, whole = _bytes(self.folder)
        return int(used - self.watermark * whole + min(whole / 100, self.size / 2))


def _bytes(folder: Path) -> tuple[int, int]:
    """(used, all that an ordinary user may use) of the disk."""
    disk = os.statvfs(folder)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    return used, used + disk.f_bavail * disk.f_frsize


@contextmanager
def volume(folder: Path, size: int) -> Iterator[Volume]:
    """A volume of `size` bytes at `folder`, which is there and empty; it is gone afterwards."""
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    try:
        yield Volume(folder, size, WATERMARK) if mounted else _share(folder, size)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def _share(folder: Path, size: int) -> Volume:
    used, whole = _bytes(folder)
    return Volume(folder, size, min(1.0, (used + WATERMARK * size) / whole))
