"""Records of made-up people with known truth, by the generator of Febrl: what matching is measured by.

2: 4,000 people, some up to five times; 3: 2,000 people, some up to five times; 4a and 4b: the same 5,000.
"""

from __future__ import annotations

import csv
import io
import lzma
from importlib.resources import files
from itertools import combinations
from typing import Final

import pyarrow as pa

COLUMNS: Final = {
    "rec_id": "id",
    "given_name": "given",
    "surname": "family",
    "date_of_birth": "birthday",
    "soc_sec_id": "official",
    "address_1": "street",
    "address_2": "street2",
    "street_number": "number",
    "suburb": "city",
    "postcode": "postcode",
    "state": "region",
}


def records(name: str) -> pa.Table:
    """One of the data sets `2`, `3`, `4a`, `4b`, its columns named as Sojourn names them."""
    packed = (files("loadtest") / "febrl" / f"dataset{name}.csv.xz").read_bytes()
    text = io.StringIO(lzma.decompress(packed).decode("utf-8"))
    rows = list(csv.DictReader(text, skipinitialspace=True))
    return pa.table(
        {ours: pa.array([row[theirs].strip() or None for row in rows]) for theirs, ours in COLUMNS.items()}
    )


def truth(ids: list[str]) -> set[tuple[str, str]]:
    """The pairs of records, each in order, that are one person: rec-7-org and rec-7-dup-0."""
    people: dict[str, list[str]] = {}
    for id in sorted(ids):
        people.setdefault(id.split("-")[1], []).append(id)
    return {pair for group in people.values() for pair in combinations(group, 2)}
