-- cause: an event and what it is per, before and after a moment, by all slices of some fields
WITH happened AS (
{happened}
)
SELECT
    {open},
    {by},
    count(*) FILTER (s0 AND moment < {since}) AS x0,
    count(*) FILTER (s0 AND moment >= {since}) AS x1,
    count(*) FILTER ({per} AND moment < {since}) AS n0,
    count(*) FILTER ({per} AND moment >= {since}) AS n1
FROM happened
GROUP BY GROUPING SETS ((), {sets})
HAVING count(*) >= {least} OR ({all_open})
ORDER BY ALL
