-- consent: what the person of the temp table `theirs` answered last, by category.
WITH answers AS (
    SELECT
        unnest(json_keys(context, '$.consent.categoryPreferences')) AS category,
        context,
        timestamp,
        load_seq
    FROM events
    WHERE load_seq IN (SELECT load_seq FROM theirs) AND json_type(context, '$.consent.categoryPreferences') = 'OBJECT'
)

SELECT
    category,
    arg_max(
        context -> '$.consent.categoryPreferences' ->> ('$."' || category || '"'), row(timestamp, load_seq)
    ) AS answer,
    max(timestamp) AS said_at
FROM answers
GROUP BY category
ORDER BY category
