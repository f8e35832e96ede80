"""What the figures were measured on."""

import os
import platform
from pathlib import Path


def peak_mb() -> float:
    """The most memory that this process has had, MiB; `getrusage` also counts that of its parent."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024, 1)


def machine() -> dict[str, str]:
    """Processor, memory, system and Python, as people read them."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": f"{cpu} x {os.cpu_count()}",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
