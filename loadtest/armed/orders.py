"""An order to die, as a file: the harness lays it down, and the first program that comes to its point
takes it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

ARMS: Final = "LOADTEST_ARMS"
LOG: Final = "kills"


class Order(msgspec.Struct, frozen=True):
    """Die at the next call of `point`, at `moment`; inside a call after this `part` (0 to 1) of its time."""

    id: str
    step: str
    point: str
    moment: str
    part: float = 0.0


class Kill(msgspec.Struct, frozen=True):
    """An order that was obeyed: by which process, and when (ns of the machine's monotonic clock)."""

    order: Order
    pid: int
    at: int


def lay_down(folder: Path, order: Order) -> None:
    """Whole or not at all; one that lies there for the same point is replaced."""
    aside = folder / f".{order.point}"
    aside.write_bytes(msgspec.json.encode(order))
    aside.replace(folder / order.point)


def take(folder: str, point: str) -> Order | None:
    """The order for this point, for one taker alone; None where there is none."""
    path = f"{folder}/{point}"
    try:
        os.stat(path)
        mine = f"{folder}/.{point}-{os.getpid()}"
        os.rename(path, mine)
    except FileNotFoundError:
        return None
    return msgspec.json.decode(Path(mine).read_bytes(), type=Order)


def note(folder: str, order: Order, at: int) -> None:
    """Says that the order is obeyed now; in one write, so that no other's line is mixed up with it."""
    line = msgspec.json.encode(Kill(order, os.getpid(), at)) + b"\n"
    descriptor = os.open(f"{folder}/{LOG}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    os.write(descriptor, line)
    os.close(descriptor)


def read_kills(folder: Path, after: int = 0) -> list[Kill]:
    """The orders obeyed so far, oldest first, without the first `after` of them."""
    path = folder / LOG
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [msgspec.json.decode(line, type=Kill) for line in lines[after:]]
