"""From what was said of people to records that can be compared, in a DuckDB of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb
import pyarrow as pa

from sessionizer.probable.names import COMPOUND, sounds
from sessionizer.statements import statement

_TEXT: Final = pa.string()
SAID: Final = pa.schema(
    [
        ("id", pa.int64()),
        *(
            (name, _TEXT)
            for name in (
                *("name", "given", "family", "birthday", "official", "phone", "email"),
                *("street", "street2", "number", "city", "postcode", "region"),
            )
        ),
        ("fingerprints", pa.list_(_TEXT)),
        ("networks", pa.list_(_TEXT)),
    ]
)
PAIRS: Final = 200_000
"""Pairs that one key may bring, or one a record where there are more records; the rarest values first."""

KEYS: Final = {
    "by_official": "hash(official)",
    "by_phone": "hash(phone)",
    "by_email": "hash(email)",
    "by_mailbox": "pair(mailbox, coalesce(family, given))",
    "by_name": "pair(least(given, family), greatest(given, family))",
    "by_given_birthday": "pair(birthday, left(given, 1))",
    "by_family_birthday": "pair(birthday, left(family, 1))",
    "by_postcode_birthday": "pair(birthday, postcode)",
    "by_street": "pair(street, coalesce(number, street2))",
    "by_street_given": "pair(street, given)",
    "by_street_family": "pair(street, family)",
    "by_second_street": "pair(street2, coalesce(given, family))",
    "by_postcode_given": "pair(postcode, given)",
    "by_postcode_family": "pair(postcode, family)",
    "by_city_given": "pair(city, given)",
    "by_city_family": "pair(city, family)",
    "by_place": "pair(postcode || ' ' || city, number)",
    "by_network": "pair(networks[1], coalesce(given, family))",
}


@contextmanager
def workshop(said: pa.Table, threads: int, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own with the temp table `candidates`: the records of SAID, ready to be compared.

    `memory` is its limit in DuckDB's words, such as 4GB.
    """
    with duckdb.connect(config={"threads": threads, "memory_limit": memory}) as con:
        con.register("said", said)
        con.execute(statement("probable/plain"))
        con.execute(statement("probable/pair"))
        con.execute(statement("probable/named", compound="|".join(COMPOUND)))
        con.register("sounds", _sounds(con))
        con.execute(statement("probable/people"))
        con.execute(statement("probable/keyed", keys=_keys()))
        con.execute(statement("probable/blocked", rare=_rare(con, max(PAIRS, len(said)))))
        yield con


def _sounds(con: duckdb.DuckDBPyConnection) -> pa.Table:
    names = [name for (name,) in con.execute(statement("probable/chinese")).fetchall() if name]
    heard = sounds(names) if names else []
    schema = pa.schema([("han", _TEXT), ("latin", _TEXT)])
    return pa.Table.from_arrays([pa.array([one[at] for one in heard], _TEXT) for at in (0, 1)], schema=schema)


def _keys() -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in KEYS.items())


def _rare(con: duckdb.DuckDBPyConnection, pairs: int) -> str:
    kept = []
    for key in KEYS:
        ((most,),) = con.execute(statement("probable/largest", key=key, pairs=pairs)).fetchall()
        common = f"SELECT {key} FROM keyed WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > {most}"
        kept.append(f"CASE WHEN {key} NOT IN ({common}) THEN {key} END AS {key}")
    return ", ".join(kept)
