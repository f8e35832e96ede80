-- paths: what follows what, step by step: nodes, edges between them, and how many walks and units there are
WITH happened AS NOT MATERIALIZED (
{happened}
),
{walks},
{steps},
ranked AS (
    SELECT item, row_number() OVER (ORDER BY bool_or(fixed) DESC, count(*) DESC, item) AS place
    FROM steps
    WHERE item > 0
    GROUP BY item
    QUALIFY place <= {top}
),
names AS (
    SELECT hash(item) AS item, min(item) AS name
    FROM (
{named}
    )
    WHERE hash(item) IN (SELECT item FROM ranked)
    GROUP BY hash(item)
),
called AS (
    SELECT
        s.owner,
        s.step,
        CASE WHEN s.item = 0 THEN 0 ELSE coalesce(t.place, {top} + 1) END AS place,
        CASE WHEN s.follows IS NULL THEN NULL WHEN s.follows = 0 THEN 0 ELSE coalesce(f.place, {top} + 1) END AS follows,
        s.pause,
        s.ended,
        s.reached,
        s.cut
    FROM steps AS s
    LEFT JOIN ranked AS t ON t.item = s.item
    LEFT JOIN ranked AS f ON f.item = s.follows
),
by_owner AS (
    SELECT
        owner,
        step,
        place,
        follows,
        count(*) AS walks,
        sum(pause) AS pause,
        count(*) FILTER (ended) AS ended,
        count(*) FILTER (reached) AS reached,
        count(*) FILTER (cut) AS cut
    FROM called
    GROUP BY owner, step, place, follows
),
listed AS (
    SELECT place, name
    FROM ranked
    JOIN names USING (item)
    UNION ALL
    VALUES (0, '{more}'), ({top} + 1, '{other}')
),
found AS (
    SELECT
        step,
        place,
        NULL AS follows,
        count(DISTINCT owner) AS units,
        sum(walks)::BIGINT AS walks,
        NULL::DOUBLE AS pause,
        sum(ended)::BIGINT AS ended,
        sum(reached)::BIGINT AS reached,
        sum(cut)::BIGINT AS cut
    FROM by_owner
    GROUP BY step, place
    UNION ALL
    SELECT step, place, follows, count(*), sum(walks)::BIGINT, sum(pause)::DOUBLE, NULL, NULL, NULL
    FROM by_owner
    WHERE follows IS NOT NULL
    GROUP BY step, place, follows
)
SELECT 1 AS kind, f.step, s.name, t.name, f.units, f.walks, f.pause, f.ended, f.reached, f.cut
FROM found AS f
LEFT JOIN listed AS s ON s.place = f.place
LEFT JOIN listed AS t ON t.place = f.follows
UNION ALL
SELECT 0, NULL, NULL, NULL, count(DISTINCT owner), coalesce(sum(walks), 0)::BIGINT, NULL, NULL, NULL, NULL
FROM by_owner
WHERE step = 1
UNION ALL
SELECT 2, NULL, NULL, NULL, count(*), NULL, NULL, NULL, NULL, NULL
FROM (SELECT owner FROM walks GROUP BY owner HAVING max({over}) <= {complete})
ORDER BY ALL
