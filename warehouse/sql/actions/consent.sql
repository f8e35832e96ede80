-- consent: what the customers of tag_customers answered last for one purpose, by their events or the trait consent
WITH answers AS (
    SELECT
        coalesce(u.customer_id, d.customer_id) AS customer_id,
        e.timestamp AS said_at,
        e.load_seq,
        e.context -> '$.consent.categoryPreferences' ->> ('$."' || $purpose || '"') AS answer
    FROM events AS e
    LEFT JOIN identities AS d ON d.identity_key = e.subject_key
    LEFT JOIN identities AS u ON u.project = e.project AND u.kind = 'user_id' AND u.value = e.user_id
    WHERE e.project = $project AND e.subject_key IN (SELECT subject_key FROM tag_subjects)
        AND contains(e.context::VARCHAR, '"categoryPreferences"')
    UNION ALL
    SELECT customer_id, said_at, 0, value ->> ('$."' || $purpose || '"')
    FROM customer_attributes
    WHERE project = $project AND name = 'consent' AND customer_id IN (SELECT customer_id FROM tag_customers)
)
SELECT customer_id, arg_max(answer, row(said_at, load_seq))
FROM answers
WHERE answer IS NOT NULL AND customer_id IN (SELECT customer_id FROM tag_customers)
GROUP BY customer_id
