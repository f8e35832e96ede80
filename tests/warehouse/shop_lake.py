"""The seeded shop's history in a lake, without a running program: one record an hour, as a sink lands it."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from loadtest.traffic import Shop
from tests.collector.segments_made import WORKER, request, segment
from tests.warehouse.lakes import HOUR, NOON, Site
from warehouse.rows import convert
from warehouse.segments import segment_id

PROJECT = "shop"


def shop_lake(root: Path, *, customers: int, seed: int = 2026, days: int = 30) -> Site:
    """A data folder whose lake holds the shop's `days` before noon, loaded."""
    site = Site(root)
    messages = Shop(seed, customers).history(NOON, days)
    records = []
    for hour, group in groupby(messages, lambda message: message.at // HOUR):
        bodies = [message.body for message in group]
        body = b'{"batch":[' + b",".join(bodies) + b"]}"
        received = min(hour * HOUR + HOUR, NOON)
        records.append((request(received_at=received, project=PROJECT), body, len(bodies)))
    name = segment_id(WORKER, NOON // 1000, 1)
    landing = convert(segment(records), name)
    assert site.store.put_new(landing.key, landing.parquet)
    site.load_all()
    return site
