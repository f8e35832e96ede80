-- cohort_members: one row per stay of a customer in a saved cohort.
SELECT
    e.project,
    e.cohort,
    i.customer_id,
    e.entered_at,
    CASE WHEN count(*) = count(e.left_at) THEN max(e.left_at) END AS left_at
FROM lake.cohort_members AS e {at}
INNER JOIN lake.identities AS i {at} ON e.identity_key = i.identity_key
WHERE {cohorts}
GROUP BY 1, 2, 3, 4
