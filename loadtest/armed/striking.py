"""How an armed function obeys an order: SIGKILL of its own process, at the ordered moment of a call."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from loadtest.armed.orders import Order, note, take
from loadtest.armed.points import AFTER_COMMIT, BEFORE, BEFORE_COMMIT, HALF, INSIDE, Point

_FIRST_GUESS_S: Final = 0.005
Call = Callable[..., Any]


class Striker:
    """Wraps functions; orders lie in `folder`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._took: dict[str, float] = {}
        self._of_thread = threading.local()

    def armed(self, point: Point, function: Call) -> Call:
        """The same function, which looks for an order at every call."""

        @wraps(function)
        def call(*args: Any, **options: Any) -> Any:
            order = take(self._folder, point.id)
            if order is not None:
                return self._obey(order, function, args, options)
            began = time.perf_counter()
            result = function(*args, **options)
            self._took[point.id] = time.perf_counter() - began
            return result

        return call

    def committing(self, transaction: Call) -> Call:
        """Lake.transaction, which knows the moments around its commit."""

        @contextmanager
        @wraps(transaction)
        def call(*args: Any) -> Iterator[None]:
            with transaction(*args):
                yield
                self._at(BEFORE_COMMIT)
            self._at(AFTER_COMMIT)

        return call

    def _at(self, moment: str) -> None:
        order: Order | None = getattr(self._of_thread, "order", None)
        if order is not None and order.moment == moment:
            self._die(order)

    def _obey(self, order: Order, function: Call, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._of_thread.order = order
        self._at(BEFORE)
        if order.moment == HALF:
            *first, data = args
            function(*first, data[: len(data) // 2], **options)
        elif order.moment == INSIDE:
            note(self._folder, order, time.monotonic_ns())
            kill_in(order.part * self._took.get(order.point, _FIRST_GUESS_S))
            function(*args, **options)
        else:
            function(*args, **options)
        if order.moment != INSIDE:
            note(self._folder, order, time.monotonic_ns())
        kill_now()

    def _die(self, order: Order) -> None:
        note(self._folder, order, time.monotonic_ns())
        kill_now()


def kill_now() -> None:
    """SIGKILL to this process: no handler, no `finally`, no exit hook runs after it."""
    os.kill(os.getpid(), signal.SIGKILL)


class _Event(ctypes.Structure):
    """struct sigevent: 64 bytes, of which a signal needs the first fields alone."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_byte * 48),
    )


class _Times(ctypes.Structure):
    """struct itimerspec: the interval, then the first time."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns"))


def kill_in(seconds: float) -> None:
    """The kernel kills this process after `seconds`, whatever it does then, also inside a C library."""
    libc = ctypes.CDLL(None, use_errno=True)
    event, timer = _Event(signal=signal.SIGKILL, notify=0), ctypes.c_void_p()
    nanoseconds = max(int(seconds * 1e9), 1)
    times = _Times(0, 0, nanoseconds // 1_000_000_000, nanoseconds % 1_000_000_000)
    failed = libc.timer_create(time.CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer))
    if failed or libc.timer_settime(timer, 0, ctypes.byref(times), None):
        raise OSError(ctypes.get_errno(), "the kernel gives no timer")
