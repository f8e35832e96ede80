"""The data folder as programs share it: is it writable, and who holds its locks."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.errors import CannotStart


def make_writable(folder: Path) -> None:
    """Creates the folder; CannotStart where nothing can be written there."""
    probe = folder / f".write-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"the data folder {folder} cannot be written: {error.strerror}; choose another with --data"
        ) from error


@contextmanager
def held(path: Path, program: str) -> Iterator[None]:
    """Holds an exclusive lock on the file while inside; CannotStart names the folder and the holder's pid.

    The kernel lets go of it when the process ends, however it ends.
    """
    with open(path, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            where = path.parent if path.parent.name != "journal" else path.parent.parent
            raise CannotStart(
                f"{program} runs already on {where} (pid {holder}); stop it or use another --data"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(path: Path) -> bool:
    """True while some process holds the lock."""
    try:
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def wait_released(
    paths: list[Path], seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    """Waits until no process holds any of the locks; False where one is still held after `seconds`."""
    until = clock() + seconds
    while any(is_held(path) for path in paths):
        if clock() >= until:
            return False
        sleep(0.05)
    return True
