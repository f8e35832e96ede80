"""`overload`: its options, and what it promises."""

from time import monotonic
from typing import Final

import click
import msgspec

from loadtest.cli import Measured, measures, now_us, report
from loadtest.overcpu import Cpu, cpu
from loadtest.overload import Slow, slow_disk
from loadtest.overquota import Quotas, quotas
from loadtest.promises import Figures, Promise, Run
from loadtest.slowed.disk import Disk

MIB: Final = 2**20


def _key_keeps(figures: Figures) -> bool:
    return bool(figures["key_passed_per_s"] <= 1.5 * figures["key_quota_per_s"])


RUN: Final = Run(
    "overload",
    ("overload",),
    ("overload", "--seconds", "3", "--windows", "2", "--window-seconds", "2"),
    (
        Promise(
            "useful throughput is at least 90 % of the maximum",
            lambda figures: figures["useful_share"] >= 0.9,
        ),
        Promise("a worker keeps to 512 MiB", lambda figures: figures["rss_max"] <= 512 * MIB),
        Promise(
            "who is turned away hears of it within 250 ms", lambda figures: figures["shed_p99_ms"] <= 250
        ),
        Promise(
            "and always when to come back, never by a broken connection",
            lambda figures: figures["without_retry_after"] == 0 and "0" not in figures["statuses"],
        ),
        Promise("back to normal within 10 s", lambda figures: figures["recovered_s"] <= 10),
        Promise("no acknowledged event is missing", lambda figures: figures["missing"] == 0),
        Promise("no event is stored twice", lambda figures: figures["doubled"] == 0),
        Promise("a key keeps to its quota, over all workers", _key_keeps),
        Promise(
            "a key at 20 times its quota moves the others' p99 by 20 % at most, and refuses none of them",
            lambda figures: figures["others_p99_shift"] <= 0.2 and figures["others_refused"] == 0,
        ),
        Promise(
            "a device that floods is limited, and its key is not",
            lambda figures: (
                figures["device_passed_per_s"] <= 1.5 * figures["device_quota_per_s"]
                and figures["device_neighbours_refused"] == 0
            ),
        ),
        Promise(
            "with more connections than the processor serves, a worker keeps to 512 MiB and recovers",
            lambda figures: figures["cpu_rss"] <= 512 * MIB and figures["cpu_after_share"] >= 0.8,
        ),
    ),
)


# What the command prints: the figures of its three parts, side by side.
Overload = msgspec.defstruct(
    "Overload",
    [(field.name, field.type) for part in (Slow, Quotas, Cpu) for field in msgspec.structs.fields(part)],
    frozen=True,
)


@measures(RUN)
@click.option("--seconds", default=20.0, show_default=True, help="Length of each phase of the slow disk.")
@click.option("--bandwidth", default=1.0, show_default=True, help="MiB a second that a worker's disk takes.")
@click.option("--latency", default=0.005, show_default=True, help="Seconds that each sync takes besides.")
@click.option("--windows", default=10, show_default=True, help="Windows with the flood, and as many without.")
@click.option("--window-seconds", default=4.0, show_default=True, help="Length of one window.")
def command(
    seconds: float, bandwidth: float, latency: float, windows: int, window_seconds: float
) -> Measured:
    """Three times what a slow disk takes; a key and a device that flood; more connections than CPU."""
    slow, charts = slow_disk(Disk(bandwidth * MIB, latency), seconds, now_us(), monotonic, report)
    quick = Disk(16 * bandwidth * MIB, latency)
    quota, more = quotas(quick, windows, window_seconds, now_us(), monotonic, report)
    busy = cpu(min(seconds, 8.0), now_us(), monotonic, report)
    parts = [msgspec.structs.asdict(part) for part in (slow, quota, busy)]
    figures = {name: value for part in parts for name, value in part.items()}
    held = all(promise.holds(figures) for promise in RUN.promises)
    return Measured(Overload(**figures), held, (*charts, *more))
