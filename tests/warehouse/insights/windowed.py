"""How far ClickHouse's windowFunnel finds that units come; a program, for its library stays out of ours.

Reads and writes Parquet: owner, moment, name -> owner, level.
"""

import sys

import chdb

FUNNEL = """
    SELECT owner, windowFunnel({within})(toUInt32(moment), name = 0, name = 1, name = 2, name = 3) AS level
    FROM file('{source}', Parquet)
    GROUP BY owner"""

if __name__ == "__main__":
    source, target, within = sys.argv[1:]
    found = FUNNEL.format(source=source, within=int(within))
    chdb.query(  # type: ignore[no-untyped-call]
        f"INSERT INTO FUNCTION file('{target}', Parquet) {found}"
    )
