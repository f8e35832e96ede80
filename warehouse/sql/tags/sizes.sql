-- sizes: how many customers have each tag at a moment
SELECT tag, count(DISTINCT customer_id) AS size
FROM tag_members
WHERE project = {project} AND entered_at <= make_timestamptz({moment})
    AND (left_at IS NULL OR left_at > make_timestamptz({moment}))
GROUP BY tag
