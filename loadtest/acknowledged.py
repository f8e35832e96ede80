"""The message ids that were acknowledged, kept in a file so that a long run stays small in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from warehouse.lake import Lake


class Acknowledged:
    """Ids in a file of their own, one a line; `count` of them so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("w", encoding="utf-8")
        self.count = 0

    def add(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._file.write(f"{one}\n")
            self.count += 1

    def compared(self, lake: Lake) -> tuple[int, int]:
        """(acknowledged ids that are not in events, ids that are there more than once, acked or not)"""
        self._file.flush()
        ((missing,),) = lake.query(_MISSING, [str(self._path)])
        ((doubled,),) = lake.query(_DOUBLED)
        return int(missing), int(doubled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


_MISSING = """
    WITH acked AS (
        SELECT DISTINCT message_id
        FROM read_csv(?, header = false, delim = '\\t', quote = '', escape = '', auto_detect = false,
            columns = {'message_id': 'VARCHAR'})
    )
    SELECT count(*) FROM acked ANTI JOIN events USING (message_id)"""
_DOUBLED = """
    SELECT count(*) FROM (SELECT message_id FROM events GROUP BY message_id HAVING count(*) > 1)"""
