"""What became of the rows of a file, counted."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

EXAMPLES: Final = 5


class Refused(msgspec.Struct, frozen=True):
    """A row that was refused: why, where, and what would do."""

    row: int
    code: str
    pointer: str | None = None
    expected: str | None = None


class Counts(msgspec.Struct):
    """Rows by what became of them; together they are `rows`. `repeated`: they stand in the file again."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    filtered: int = 0
    rejected: dict[str, int] = {}
    examples: list[Refused] = []

    def add(self, other: Counts) -> None:
        """Count another's rows too."""
        for name in ("rows", "new", "changed", "unchanged", "repeated", "filtered"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rejected = dict(Counter(self.rejected) + Counter(other.rejected))
        room = [one for one in other.examples if self._few(one.code)]
        self.examples = [*self.examples, *room]

    def refuse(self, one: Refused) -> None:
        """Count a row that was refused, and keep it as an example where there are few of its kind."""
        self.rejected = {**self.rejected, one.code: self.rejected.get(one.code, 0) + 1}
        if self._few(one.code):
            self.examples = [*self.examples, one]

    def _few(self, code: str) -> bool:
        return sum(one.code == code for one in self.examples) < EXAMPLES
