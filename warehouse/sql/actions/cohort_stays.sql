-- cohort_stays: who was put into a saved cohort, or taken out of it, within a time
SELECT i.customer_id, epoch_us(min({moment})) AS entry, {until} AS until, '[]' AS evidence
FROM cohort_members AS m
JOIN identities AS i ON i.identity_key = m.identity_key
WHERE m.project = $project AND m.cohort = $tag AND {moment} > make_timestamptz($after)
    AND {moment} <= make_timestamptz($until)
GROUP BY i.customer_id
ORDER BY entry, i.customer_id
