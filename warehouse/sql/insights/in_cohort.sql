-- in_cohort: who is in a saved cohort; those who became one person since are one
SELECT DISTINCT i.customer_id
FROM cohort_members AS m
JOIN identities AS i ON i.identity_key = m.identity_key
WHERE m.project = {project} AND m.cohort = {cohort} AND m.left_at IS NULL
