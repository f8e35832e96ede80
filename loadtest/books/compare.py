"""The client's ledger beside the lake's tables and `sojourn check`: every place where they differ."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
import numpy as np

from loadtest.books.ledger import Cell, Ledger
from loadtest.books.table import IdRows

TERMS: Final = ("received", "stored", "duplicate", "rejected", "filtered", "damaged", "pending")
Cells = Mapping[Cell, Mapping[str, int]]


class Fates(msgspec.Struct, frozen=True):
    """Ids whose rows are not what they must be: none where one must be, two, or another fate or number."""

    missing: int
    doubled: int
    other: int
    unmarked: int


class Span(msgspec.Struct, frozen=True):
    """What a term may be."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high


def expected(ledger: Ledger) -> dict[Cell, dict[str, Span]]:
    """The terms of the books by key and hour, as the client has them, each refusal also by its reason.

    stored + duplicate is certain; which copy of an id is the stored one is not where the copies are of
    several keys or hours, since that is a matter of the order of loading.
    """
    once = {cell: _stored_in(ledger, cell) for cell in ledger.cells}
    return {
        cell: _spans(ledger.sure[cell], ledger.extra[cell], once.get(cell, Span(0, 0)))
        for cell in sorted({*ledger.sure, *ledger.extra})
    }


def _stored_in(ledger: Ledger, cell: Cell) -> Span:
    bit = np.uint32(1 << ledger.cells[cell])
    low = int(np.count_nonzero(ledger.where == bit))
    return Span(low, int(np.count_nonzero(ledger.where & bit)))


def _spans(sure: Counter[str], extra: Counter[str], stored: Span) -> dict[str, Span]:
    kept = sure["kept"]
    spans = {term: Span(sure[term], sure[term] + extra[term]) for term in sorted({*sure, *extra} - {"kept"})}
    of_verdict = {
        verdict: [span for term, span in spans.items() if term.startswith(f"{verdict}.")]
        for verdict in ("rejected", "filtered", "damaged")
    }
    sums = {
        verdict: Span(sum(span.low for span in those), sum(span.high for span in those))
        for verdict, those in of_verdict.items()
    }
    return {
        "received": Span(sure.total(), sure.total() + extra.total()),
        "stored or duplicate": Span(kept, kept),
        "stored": stored,
        "duplicate": Span(kept - stored.high, kept - stored.low),
        **sums,
        **spans,
    }


def in_terms(table: Mapping[Cell, Counter[str]]) -> dict[Cell, dict[str, int]]:
    """The lake's rows in the terms of `expected`; received is all of them."""
    found = {}
    for cell, rows in table.items():
        sums: Counter[str] = Counter()
        for term, number in rows.items():
            verdict = term.partition(".")[0]
            sums.update({term: number, "received": number})
            if verdict != term:
                sums[verdict] += number
            else:
                sums["stored or duplicate"] += number
        found[cell] = dict(sums)
    return found


def differences(who: str, wanted: Mapping[Cell, Mapping[str, Span]], found: Cells) -> Iterator[str]:
    """One line for each term of a key and hour that is not what the client's ledger says."""
    for cell in sorted({*wanted, *found}):
        spans, said = wanted.get(cell, {}), found.get(cell, {})
        for term in dict.fromkeys((*spans, *said)):
            span, value = spans.get(term, Span(0, 0)), said.get(term, 0)
            if value not in span:
                yield f"{place(cell)}, {term}: the client says {span}, {who} {value:,}"


def disagreements(one: str, first: Cells, other: str, second: Cells, terms: tuple[str, ...]) -> Iterator[str]:
    """The same of two that must say exactly the same; `one` and `other` are who says it."""
    for cell in sorted({*first, *second}):
        for term in terms:
            left, right = first.get(cell, {}).get(term, 0), second.get(cell, {}).get(term, 0)
            if left != right:
                yield f"{place(cell)}, {term}: {one} {left:,}, {other} {right:,}"


def place(cell: Cell) -> str:
    key, hour = cell
    return f"key {key}, hour {datetime.fromtimestamp(hour * 3600, UTC).strftime('%Y-%m-%dT%H:00Z')}"


def fates(ledger: Ledger, rows: IdRows) -> Fates:
    """Whether each id is stored once, all its other copies are duplicates, and each refusal is a row."""
    sent = ledger.stored > 0
    copies = ledger.stored.astype(np.int16) - sent
    wrong = (rows.duplicate != copies) | (rows.refused != ledger.refused)
    plain = ledger.stored - ledger.changed
    marked = (rows.marked == ledger.changed) | (rows.marked == plain)
    return Fates(
        int(np.count_nonzero(sent & (rows.stored == 0))),
        int(np.count_nonzero(rows.stored > 1)),
        int(np.count_nonzero(wrong)) + int(np.count_nonzero(~sent & (rows.stored > 0))) + rows.unknown,
        int(np.count_nonzero(~marked)),
    )
