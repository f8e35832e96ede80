-- cohorts: the saved cohorts that a customer is in, the newest first
SELECT m.cohort, epoch_us(min(m.entered_at))
FROM cohort_members AS m
JOIN identities AS i ON i.identity_key = m.identity_key AND i.project = m.project
WHERE i.customer_id = ? AND m.left_at IS NULL
GROUP BY m.cohort
ORDER BY 2 DESC, 1
