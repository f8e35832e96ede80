"""Text with separated values: what separates them, and the rows in blocks."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.csv as pc

from warehouse.imports.errors import BadImport

_BLOCK_BYTES: Final = 2 << 20
_SEPARATORS: Final = ",;\t|"
_LINES: Final = 20


class Part(NamedTuple):
    """Some rows: their numbers in the file, their cells as text, and (number, text) of those that have more
    or fewer fields than the header.
    """

    rows: list[int]
    columns: dict[str, list[Any]]
    bad: list[tuple[int, str]]


def separator_of(path: Path, encoding: str, given: str | None) -> tuple[str, list[str]]:
    """What separates the values of a file, and its header. BadImport for a header that will not do."""
    with path.open(encoding=encoding, newline="") as file:
        lines = list(islice(file, _LINES))
    if not lines:
        raise BadImport(f"{path} is empty; a header and rows below it would do")
    separator = given or max(_SEPARATORS, key=lambda one: _agreeing(lines, one))
    columns = [name.strip() for name in next(csv.reader(lines, delimiter=separator))]
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise BadImport(f"{path} has the column {twice[0]!r} twice; each once would do")
    return separator, columns


def read_separated(path: Path, encoding: str, separator: str, columns: list[str]) -> Iterator[Part]:
    """The rows below the header. BadImport where the file cannot be read on."""
    wrong: list[tuple[int, str]] = []

    def keep(row: Any) -> str:
        wrong.append((row.number, row.text))
        return "skip"

    done = 1
    try:
        with path.open("rb") as file:
            for batch in _opened(file, encoding, separator, columns, keep):
                rows = _numbers(done, batch.num_rows, [number for number, _ in wrong])
                done = rows[-1] if rows else done
                bad = [one for one in wrong if one[0] <= done]
                wrong[:] = wrong[len(bad) :]
                yield Part(rows, batch.to_pydict(), bad)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        if "Empty CSV file" in str(error):
            return
        raise BadImport(f"cannot read {path} after row {done}: {str(error).splitlines()[0]}") from None
    if wrong:
        yield Part([], {name: [] for name in columns}, wrong)


def _opened(file: Any, encoding: str, separator: str, columns: list[str], keep: Any) -> Any:
    texts = dict.fromkeys(columns, pa.string())
    # Only in one thread does Arrow tell the numbers of rows.
    return pc.open_csv(
        file,
        read_options=pc.ReadOptions(
            encoding=encoding, use_threads=False, block_size=_BLOCK_BYTES, column_names=columns, skip_rows=1
        ),
        parse_options=pc.ParseOptions(
            delimiter=separator, newlines_in_values=True, invalid_row_handler=keep, quote_char='"'
        ),
        convert_options=pc.ConvertOptions(column_types=texts, strings_can_be_null=False),
    )


def _numbers(done: int, count: int, wrong: list[int]) -> list[int]:
    """The numbers of the next `count` rows after `done`, between those that are wrong."""
    found, skipped, number = list[int](), set(wrong), done
    while len(found) < count:
        number += 1
        if number not in skipped:
            found.append(number)
    return found


def _agreeing(lines: list[str], separator: str) -> tuple[int, int]:
    """How many lines have as many fields as the first, where that has several; and how many."""
    rows = list(csv.reader(lines, delimiter=separator))
    width = len(rows[0])
    return (sum(len(row) == width for row in rows) if width > 1 else 0, width)
