"""What is said of the machine and of processes on it."""

import subprocess
import sys

from loadtest.machine import peak_mb


def test_the_peak_of_a_process_is_its_own() -> None:
    held = bytearray(300 << 20)
    held[::4096] = b"x" * len(held[::4096])
    code = "from loadtest.machine import peak_mb; print(peak_mb())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < 150
    assert peak_mb() > 300
