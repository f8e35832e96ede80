-- changes: on each of these days, who entered a saved cohort, who left it, and who was in it when the day was over
WITH days AS (SELECT unnest({days}::BIGINT[]) AS begins, unnest({ends}::BIGINT[]) AS ends),
stays AS (
    SELECT i.customer_id, epoch_us(m.entered_at) AS entered, epoch_us(m.left_at) AS went
    FROM cohort_members AS m
    JOIN identities AS i ON i.identity_key = m.identity_key
    WHERE m.project = {project} AND m.cohort = {cohort}
)
SELECT
    begins,
    count(DISTINCT customer_id) FILTER (entered >= begins AND entered < ends),
    count(DISTINCT customer_id) FILTER (went >= begins AND went < ends),
    count(DISTINCT customer_id) FILTER (entered < ends AND (went IS NULL OR went >= ends))
FROM days
LEFT JOIN stays ON entered < ends AND (went IS NULL OR went >= begins)
GROUP BY begins
ORDER BY begins
