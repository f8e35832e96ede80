"""`overload`: more connections than the processor can serve, on a disk that is as fast as it is."""

import asyncio
import tempfile
from base64 import b64encode
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from loadtest.drive import answers
from loadtest.overload import Clock, Collector, Report
from loadtest.processes import rss_of
from loadtest.traffic import Shop
from loadtest.wrk import CONNECTIONS, body_of, wrk

MANY: Final = 1_024
BATCH: Final = 50


class Cpu(msgspec.Struct, frozen=True):
    """One worker: acknowledged events a second over 64 connections, and over many that never wait."""

    cpu_max_per_s: float
    cpu_useful_per_s: float
    cpu_useful_share: float
    cpu_p99_ms: float
    cpu_shed: int
    cpu_broken: int
    cpu_rss: int
    cpu_after_share: float


def cpu(seconds: float, now: int, clock: Clock, report: Report) -> Cpu:
    """As many as one worker can take, many more than that, and as many as before. `now` in µs UTC."""
    with tempfile.TemporaryDirectory(prefix="loadtest-overcpu-") as name:
        body = Path(name) / "body"
        messages = list(islice(Shop().live(now, 1000.0), BATCH))
        body.write_bytes(body_of(messages, now))
        collector = Collector(Path(name) / "c", None, 1)
        with collector.program:
            asyncio.run(answers(collector.url, "/health", 60.0, lambda: int(clock() * 1e6)))
            secret = b64encode(f"{collector.key()}:".encode()).decode()
            headers, url = [f"Authorization: Basic {secret}"], f"{collector.url}/v1/batch"
            wrk(url, body, headers, 3.0)
            most = wrk(url, body, headers, seconds)
            over = wrk(url, body, headers, seconds, MANY)
            rss = max(rss_of([process]) for process in collector.workers())
            after = wrk(url, body, headers, seconds)
    rates = [one.answered * BATCH / (one.duration_us / 1e6) for one in (most, over, after)]
    report(
        f"events/s over {CONNECTIONS}, {MANY}, {CONNECTIONS} connections: {[round(rate) for rate in rates]}"
    )
    return Cpu(
        cpu_max_per_s=round(rates[0], 1),
        cpu_useful_per_s=round(rates[1], 1),
        cpu_useful_share=round(rates[1] / rates[0], 3),
        cpu_p99_ms=round(over.p99_us / 1000, 1),
        cpu_shed=over.not_2xx,
        cpu_broken=over.socket,
        cpu_rss=rss,
        cpu_after_share=round(rates[2] / rates[0], 3),
    )
