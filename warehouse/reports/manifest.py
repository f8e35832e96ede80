"""All that a report is made of: its questions, their answers as rows, and hashes of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from warehouse.console.charts import Chart
from warehouse.reports.errors import BadReport

FORMAT: Final = 1
Value = str | int | float | bool | None


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One table with its picture. `question`: as it was asked, with fixed times; `more`: rows that were left
    out; `refused`: why there is no answer.
    """

    title: str
    insight: str
    question: dict[str, Any] = {}
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Value]] = ()
    more: int = 0
    chart: Chart | None = None
    notes: Sequence[str] = ()
    refused: str = ""
    snapshot: int | None = None
    complete_until: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`since`, `until`, `made_at`: ISO 8601, UTC; `hashes`: SHA-256 of each section's JSON."""

    format: int = FORMAT
    name: str
    title: str
    label: str
    language: str
    timezone: str
    since: str
    until: str
    made_at: str
    made_by: str
    sections: Sequence[Section]
    hashes: Sequence[str] = ()

    def sealed(self) -> Manifest:
        """As it will be read again (numbers have their types by then), with its hashes."""
        again = msgspec.json.decode(self.text(), type=Manifest)
        return msgspec.structs.replace(again, hashes=[_hash(one) for one in again.sections])

    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def digest(self) -> str:
        """SHA-256 of the whole."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def read_manifest(text: str | bytes) -> Manifest:
    """BadReport where it cannot be read, or a section is not what its hash says."""
    try:
        found = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadReport(f"the manifest cannot be read: {error}") from None
    if found.format != FORMAT:
        raise BadReport(f"the manifest has format {found.format}; this program reads {FORMAT}")
    return found


def changed(manifest: Manifest) -> list[str]:
    """Titles of sections that are not what their hashes say: an erasure took words out, or somebody did."""
    if len(manifest.hashes) != len(manifest.sections):
        return [one.title for one in manifest.sections]
    pairs = zip(manifest.sections, manifest.hashes, strict=True)
    return [one.title for one, known in pairs if _hash(one) != known]


def _hash(section: Section) -> str:
    return hashlib.sha256(msgspec.json.encode(section)).hexdigest()
