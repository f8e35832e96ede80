-- enter: who is to be in the cohort and is not yet
INSERT INTO cohort_members
SELECT $project, $cohort, g.identity_key, make_timestamptz({moment}), NULL
FROM cohort_given AS g
WHERE g.customer_id NOT IN (
    SELECT i.customer_id
    FROM cohort_members AS m
    JOIN identities AS i ON i.identity_key = m.identity_key
    WHERE m.project = $project AND m.cohort = $cohort AND m.left_at IS NULL
)
ORDER BY g.identity_key
