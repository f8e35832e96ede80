-- list: the cohorts that were saved, and how many customers are in each
SELECT
    c.project, c.cohort, c.kind, c.description, c.insight, c.question::VARCHAR, epoch_us(c.saved_at), c.saved_by,
    count(DISTINCT i.customer_id)
FROM cohorts AS c
LEFT JOIN cohort_members AS m ON m.project = c.project AND m.cohort = c.cohort AND m.left_at IS NULL
LEFT JOIN identities AS i ON i.identity_key = m.identity_key
GROUP BY ALL
ORDER BY c.project, c.cohort
