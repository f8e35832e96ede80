-- stuck: who stands in a step, and for how long
WITH {chains},
ids AS (
    {who}
),
standing AS (
    SELECT owner, max(level) AS level, max(latest) AS latest, arg_max(greatest({times}), (level, -greatest({times}))) AS since
    FROM reached
    GROUP BY owner
),
waiting AS (
    SELECT owner, level, since, {complete} - since AS waited
    FROM standing
    WHERE level < {last} AND since <= {complete}
),
listed AS (
    SELECT id, level, since, waited
    FROM waiting
    LEFT JOIN ids USING (owner)
    WHERE waited > {longer}
    ORDER BY waited DESC, id
    LIMIT {limit}
)
SELECT *
FROM (
    SELECT 0 AS level, NULL AS id, NULL AS since, count(*) AS n, count(*) FILTER (latest + {longer} < {complete}) AS stuck, 0 AS waited
    FROM standing
    UNION ALL
    SELECT level, NULL AS id, NULL AS since, count(*) AS n, count(*) FILTER (waited > {longer}) AS stuck, median(waited) AS waited
    FROM waiting
    GROUP BY level
    UNION ALL
    SELECT level, id, since, NULL, NULL, waited
    FROM listed
)
ORDER BY n IS NULL, CASE WHEN n IS NOT NULL THEN level END, waited DESC, id
