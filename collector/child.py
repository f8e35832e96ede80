"""Runs a module as a program that ends with its parent: `python -m collector.child PID MODULE ARGUMENT…`.

A parent killed with -9 cannot stop its children, so the kernel is asked to send them SIGTERM (Linux only;
elsewhere the children live on until they are stopped by hand).

A program for which work waits must not end before it has begun: it is told to stop once it listens to that.
"""

import ctypes
import os
import runpy
import signal
import sys

PR_SET_PDEATHSIG = 1
STOPS = (signal.SIGTERM, signal.SIGINT)
DUTIFUL = ("collector.sink",)


def follow(parent: int) -> None:
    """End with SIGTERM when `parent` dies; exits at once where it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(0)


def main(argv: list[str]) -> None:
    _, parent, module, *arguments = argv
    if module in DUTIFUL:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    follow(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv)
