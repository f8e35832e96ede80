"""`python -m loadtest`: the commands that measure Sojourn from outside; with --json one line of JSON each."""

import signal
import sys
from types import FrameType

from loadtest.cli import root


def leave(number: int, frame: FrameType | None) -> None:
    """In order, so that no program under test is left running."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    root(prog_name="python -m loadtest")
