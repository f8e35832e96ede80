-- rfm: how many units have each score of recency, frequency and value; then some units by themselves
WITH happened AS (
{happened}
),
units AS (
    SELECT
        owner,
        any_value(named) AS named,
        greatest(0, {as_of} - max(moment)) // 86400000000 AS recency,
        count(*) AS frequency,
        sum(worth)::HUGEINT AS monetary,
        arg_max(part, (moment, tie)) AS part
    FROM happened
    GROUP BY owner
),
parts AS (
    SELECT part, row_number() OVER (ORDER BY count(*) DESC, part) AS place
    FROM units
    GROUP BY part
),
parted AS (
    SELECT u.* EXCLUDE (part), CASE WHEN p.place <= {top} THEN p.part ELSE '(other)' END AS part
    FROM units AS u
    JOIN parts AS p USING (part)
),
grouped AS (
    SELECT *, {within} AS within
    FROM parted
),
scored AS (
    SELECT *, {r} AS r, {f} AS f, {m} AS m
    FROM grouped
),
cells AS (
    SELECT
        part, r, f, m, count(*) AS units, sum(monetary) / 10000 AS monetary,
        sum(recency)::BIGINT AS recency, sum(frequency)::BIGINT AS frequency, NULL AS named
    FROM scored
    GROUP BY part, r, f, m
),
listed AS (
    SELECT part, r, f, m, NULL, monetary / 10000, recency, frequency, coalesce(named, '(unknown)')
    FROM scored
    ORDER BY r + f + m DESC, scored.monetary DESC, owner
    LIMIT {listed}
)
SELECT *
FROM cells
UNION ALL
SELECT *
FROM listed
ORDER BY named NULLS FIRST, part, r DESC, f DESC, m DESC
