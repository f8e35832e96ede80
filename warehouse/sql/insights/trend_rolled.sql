-- trend_rolled: what came in each interval, from the roll-up
{intervals},
{shares},
counts AS MATERIALIZED (
    SELECT number{counts}
    FROM {counted}
    GROUP BY number
),
points AS (
    SELECT number, begins, ends, {measured}
    FROM intervals
    JOIN (SELECT unnest(range({count})) AS number{each_units} FROM shares) USING (number)
    LEFT JOIN counts USING (number)
    WINDOW back AS (ORDER BY number ROWS {before} PRECEDING)
),
whole AS (
    SELECT n, {whole}
    FROM shares
    CROSS JOIN (SELECT count(*) AS numbers{all_counts} FROM counts)
)
SELECT begins, ends, NULL AS n, 1 AS place, '' AS b0, {values}, {formula}
FROM points
WHERE number >= {before}
UNION ALL
SELECT NULL, NULL, n, 1, NULL, {values}, {formula}
FROM whole
ORDER BY 5, 1
