-- members: the stays of customers in a cohort, those who are in it first, then the newest
SELECT i.customer_id, epoch_us(min(m.entered_at)), CASE WHEN bool_or(m.left_at IS NULL) THEN NULL ELSE epoch_us(max(m.left_at)) END
FROM cohort_members AS m
JOIN identities AS i ON i.identity_key = m.identity_key
WHERE m.project = ? AND m.cohort = ?
GROUP BY i.customer_id
ORDER BY 3 DESC NULLS FIRST, 2 DESC, 1
LIMIT ?
