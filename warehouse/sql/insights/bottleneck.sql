-- bottleneck: how far units came in the range and in those before, all together and by the fields of their entry
WITH {chains},
entered AS (
    SELECT owner, local, {values}
    FROM {begun}
    WHERE begins
    GROUP BY owner, local
),
ways AS (
    SELECT owner, local, max(level) AS level, max(latest) + {within} <= {complete} AS mature
    FROM reached
    GROUP BY owner, local
),
judged AS (
    SELECT w.level, w.mature, w.local = 0 AS now, e.* EXCLUDE (owner, local)
    FROM ways AS w
    JOIN entered AS e USING (owner, local)
)
SELECT now, {grouped} AS field, coalesce({names}) AS value, count(*) AS entered, {counts}
FROM judged
GROUP BY GROUPING SETS ({sets})
ORDER BY ALL
