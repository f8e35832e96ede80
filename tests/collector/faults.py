"""A disk with faults in the place of `collector.files.Files`: power cuts, full disks, failing syncs.

The files are real; beside them stands what is durable, in pages of 4 KiB as a kernel writes them back.
`power_cut` puts the folder into one of the states that a power cut may leave: of the pages written since the
last sync, each is the old one, the new one, torn in its sectors, or zeros, and of the names changed since,
only some are there.
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

from collector.files import Files

PAGE, SECTOR = 4096, 512
Names = dict[Path, "OnDisk"]


class PowerCut(BaseException):
    """The machine is gone: no code of ours runs on."""


class OnDisk:
    """One file: `now` as programs see it, `durable` as it is on disk; `dirty` pages were written since."""

    def __init__(self) -> None:
        self.now, self.durable = bytearray(), bytearray()
        self.dirty: set[int] = set()

    def write(self, data: bytes) -> None:
        begin = len(self.now)
        self.now += data
        self.dirty |= set(range(begin // PAGE, -(-len(self.now) // PAGE)))

    def cut(self, length: int) -> None:
        del self.now[length:]
        self.dirty = {page for page in self.dirty if page * PAGE < length}

    def sync(self) -> None:
        self.durable = resized(self.durable, len(self.now))
        for page in self.dirty:
            self.durable[page * PAGE : (page + 1) * PAGE] = self.now[page * PAGE : (page + 1) * PAGE]
        self.dirty.clear()

    def survive(self, dice: random.Random) -> None:
        """Becomes what the disk holds after a power cut."""
        shorter, longer = sorted([len(self.durable), len(self.now)])
        length = dice.choice([shorter, longer, dice.randint(shorter, longer)])
        left = resized(self.durable, length)
        for page in sorted(self.dirty):
            back = written_back(page_of(self.durable, page), page_of(self.now, page), dice)
            left[page * PAGE : (page + 1) * PAGE] = back[: max(0, length - page * PAGE)]
        self.now, self.durable, self.dirty = left, bytearray(left), set()


def resized(data: bytearray, length: int) -> bytearray:
    return data[:length] + bytes(max(0, length - len(data)))


def page_of(data: bytearray, page: int) -> bytearray:
    return resized(data[page * PAGE : (page + 1) * PAGE], PAGE)


def written_back(old: bytearray, new: bytearray, dice: random.Random) -> bytes:
    """A page that was being written when the power went."""
    how = dice.randrange(4)
    if how < 3:
        return bytes([old, new, bytearray(PAGE)][how])
    sectors = [dice.choice([old, new])[at : at + SECTOR] for at in range(0, PAGE, SECTOR)]
    return b"".join(map(bytes, sectors))


class FaultyFiles(Files):
    """`trouble(operation)` is asked before each operation: it may raise `OSError` or `PowerCut`.

    `syncs=False` takes fdatasync out: it says yes and does nothing.
    """

    def __init__(
        self, seed: int = 0, trouble: Callable[[str], None] = lambda operation: None, syncs: bool = True
    ) -> None:
        self.dice, self.trouble, self.syncs = random.Random(seed), trouble, syncs
        self._open: dict[int, OnDisk] = {}
        self._names: Names = {}
        self._durable_names: Names = {}
        self._changes: list[Callable[[Names], object]] = []

    def create(self, path: Path) -> int:
        self.trouble("create")
        descriptor = super().create(path)
        file = self._open[descriptor] = OnDisk()
        self._change(lambda names: names.update({path: file}))
        return descriptor

    def reopen(self, path: Path) -> int:
        self.trouble("reopen")
        descriptor = super().reopen(path)
        self._open[descriptor] = self._names[path]
        return descriptor

    def write(self, descriptor: int, data: bytes) -> None:
        try:
            self.trouble("write")
        except (OSError, PowerCut):
            part = data[: self.dice.randrange(len(data))]
            super().write(descriptor, part)
            self._open[descriptor].write(part)
            raise
        super().write(descriptor, data)
        self._open[descriptor].write(data)

    def fdatasync(self, descriptor: int) -> None:
        file = self._open[descriptor]
        try:
            self.trouble("fdatasync")
        except OSError:
            file.dirty.clear()  # the kernel has told it once; it will not try these pages again
            raise
        if self.syncs:
            file.sync()

    def truncate(self, descriptor: int, length: int) -> None:
        self.trouble("truncate")
        super().truncate(descriptor, length)
        self._open[descriptor].cut(length)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        del self._open[descriptor]

    def rename(self, old: Path, new: Path) -> None:
        self.trouble("rename")
        super().rename(old, new)
        self._change(lambda names: names.update({new: names.pop(old)}))

    def unlink(self, path: Path) -> None:
        self.trouble("unlink")
        super().unlink(path)
        self._change(lambda names: names.pop(path))

    def fsync_folder(self, folder: Path) -> None:
        self.trouble("fsync_folder")
        self._durable_names = dict(self._names)
        self._changes.clear()

    def _change(self, change: Callable[[Names], object]) -> None:
        change(self._names)
        self._changes.append(change)

    def power_cut(self) -> None:
        """The real folder becomes what a power cut may have left of it; all that was open is closed.

        A file system writes the changes of a folder in their order: the first few of them are on disk.
        """
        for descriptor in list(self._open):
            self.close(descriptor)
        left = self._durable_names
        for change in self._changes[: self.dice.randint(0, len(self._changes))]:
            change(left)
        for path in self._names.keys() - left.keys():
            path.unlink()
        for path, file in left.items():
            file.survive(self.dice)
            path.write_bytes(file.now)
        self._names, self._durable_names, self._changes = left, dict(left), []


def full(operation: str) -> OSError:
    return OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} ({operation})")


def broken(operation: str) -> OSError:
    return OSError(errno.EIO, f"{os.strerror(errno.EIO)} ({operation})")
