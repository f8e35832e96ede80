"""The few file operations that the journal's promise stands on. Tests put faults in their place."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from collector.errors import JournalBusy


class Files:
    """Real files. Every method raises `OSError` as the system does."""

    def create(self, path: Path) -> int:
        """A new file, open for writing; it must not be there."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640)

    def reopen(self, path: Path) -> int:
        """A file that is there, open for writing."""
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)

    def write(self, descriptor: int, data: bytes) -> None:
        """Appends all of `data`, or raises."""
        done = os.write(descriptor, data)
        while done < len(data):
            done += os.write(descriptor, memoryview(data)[done:])

    def fdatasync(self, descriptor: int) -> None:
        """Returns when what was written, and the file's length, are on disk."""
        os.fdatasync(descriptor)

    def truncate(self, descriptor: int, length: int) -> None:
        os.ftruncate(descriptor, length)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        os.rename(old, new)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def fsync_folder(self, folder: Path) -> None:
        """Returns when the names in the folder are on disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path, files: Files) -> None:
    """Makes a folder and those above it, and makes durable every name that this user may have made."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent in folder.absolute().parents:
        if not os.access(parent, os.R_OK | os.W_OK):
            return
        files.fsync_folder(parent)


def damaged_folder(journal: Path) -> Path:
    """Where segments that had lost something are kept: beside the journal."""
    return journal.parent / "damaged"


def kept_damaged(journal: Path) -> int:
    """How many of them there are."""
    folder = damaged_folder(journal)
    return len(os.listdir(folder)) if folder.is_dir() else 0


def try_lock(path: Path) -> int | None:
    """Takes the lock until the descriptor is closed or this process ends; None: somebody holds it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def take_lock(path: Path, holder: str, patience: float = 5.0) -> int:
    """The lock, within `patience` seconds, or `JournalBusy` that names `holder`.

    It may be held for a moment: by the sink that adopts a dead worker's segments, or by a predecessor that is
    just ending.
    """
    until = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= until:
            raise JournalBusy(
                f"{path} is held by another process; end the other {holder}, or use another --data"
            )
        time.sleep(0.02)
    return descriptor
