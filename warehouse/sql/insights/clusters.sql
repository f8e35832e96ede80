-- clusters: what each unit did in the range, a column a feature
WITH visits AS (
{visits}
),
happened AS (
{happened}
),
bought AS (
    SELECT owner, count(*) AS purchases, sum(worth) / 10000 AS value
    FROM happened
    GROUP BY owner
),
visited AS (
    SELECT
        owner,
        any_value(named) AS named,
        ({until} - max(moment)) / 86400e6 AS recency_days,
        count(*) AS sessions,
        count(DISTINCT moment // 86400000000) AS active_days,
        sum(pages) AS pages,
        sum(engaged) / 60 AS engaged_minutes,
        count(DISTINCT device) AS devices,
        avg(bounced::INTEGER) AS bounce_share{shares}
    FROM visits
    GROUP BY owner
)
SELECT v.* EXCLUDE (owner), coalesce(b.purchases, 0) AS purchases, coalesce(b.value, 0) AS value
FROM visited AS v
LEFT JOIN bought AS b USING (owner)
ORDER BY owner
