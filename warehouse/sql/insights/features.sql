-- features: what each unit had done by each of some days, counted in days back, and whether it did it after
WITH happened AS (
{happened}
),
visits AS (
{visits}
),
dates AS (
    SELECT unnest({backs}) AS back
),
days AS (
    SELECT
        owner,
        ({until} - 1 - moment) // 86400000000 AS ago,
        kind,
        any_value(named) AS named,
        count(*) AS times,
        sum(aimed) AS aims,
        sum(bought) AS purchases,
        sum(worth) AS worth,
        sum(contacted) AS contacts,
        max(moment) AS latest,
        max(moment) FILTER (aimed = 1) AS aimed_at,
        max(moment) FILTER (bought = 1) AS bought_at,
        min(moment) AS earliest{step_days}
    FROM happened
    GROUP BY ALL
),
known AS (
    SELECT
        back,
        owner,
        any_value(named) AS named,
        min(ago) FILTER (ago >= back AND {candidate}) - back AS quiet,
        coalesce(sum(aims) FILTER (ago < back), 0) > 0 AS later,
        ({until} - back * 86400000000 - max(latest) FILTER (ago >= back)) / 86400e6 AS recency_days,
        ({until} - back * 86400000000 - min(earliest) FILTER (ago >= back)) / 86400e6 AS age_days,
        coalesce(sum(times) FILTER (ago >= back), 0) AS events,
        coalesce(sum(times) FILTER (ago BETWEEN back AND back + 6), 0) AS events_7_days,
        count(DISTINCT ago) FILTER (ago >= back) AS active_days,
        coalesce(sum(times) FILTER (ago BETWEEN back AND back + {half} - 1), 0) AS newer,
        count(DISTINCT kind) FILTER (ago >= back) AS kinds,
        coalesce(sum(aims) FILTER (ago >= back), 0) AS aim_times,
        coalesce(({until} - back * 86400000000 - max(aimed_at) FILTER (ago >= back)) / 86400e6, {history}) AS aim_recency_days,
        coalesce(sum(purchases) FILTER (ago >= back), 0) AS purchases,
        coalesce(sum(worth) FILTER (ago >= back), 0) / 10000 AS value,
        coalesce(({until} - back * 86400000000 - max(bought_at) FILTER (ago >= back)) / 86400e6, {history}) AS purchase_recency_days,
        coalesce(sum(contacts) FILTER (ago >= back), 0) AS contacts{step_sums}
    FROM days
    JOIN dates ON ago >= back - {horizon} AND ago < back + {history}
    GROUP BY back, owner
    HAVING quiet < {active}
),
came AS (
    SELECT
        back,
        owner,
        count(*) AS sessions,
        sum(pages) AS pages,
        sum(engaged) / 60 AS engaged_minutes,
        avg(bounced::INTEGER) AS bounce_share,
        count(DISTINCT device) AS devices{shares}
    FROM (SELECT *, ({until} - 1 - ended) // 86400000000 AS ago FROM visits WHERE ended < {until})
    JOIN dates ON ago >= back AND ago < back + {history}
    GROUP BY back, owner
)
SELECT
    k.back,
    k.named,
    k.later,
    (SELECT max(ago) FROM days) AS depth,
    k.recency_days,
    k.age_days,
    k.events,
    k.events_7_days,
    k.active_days,
    (2 * k.newer - k.events) / k.events AS trend,
    (k.age_days - k.recency_days) / greatest(k.active_days - 1, 1) AS gap_days,
    k.recency_days / (1 + (k.age_days - k.recency_days) / greatest(k.active_days - 1, 1)) AS overdue,
    k.kinds,
    k.aim_times,
    k.aim_recency_days,
    k.purchases,
    k.value,
    k.purchase_recency_days,
    k.contacts{step_names},
    coalesce(c.sessions, 0) AS sessions,
    coalesce(c.pages, 0) AS pages,
    coalesce(c.engaged_minutes, 0) AS engaged_minutes,
    coalesce(c.bounce_share, 0) AS bounce_share,
    coalesce(c.devices, 0) AS devices{share_names}
FROM known AS k
LEFT JOIN came AS c USING (back, owner)
ORDER BY k.back, k.owner
