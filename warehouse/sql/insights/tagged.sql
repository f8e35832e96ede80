-- tagged: who has a tag at a moment
SELECT DISTINCT customer_id
FROM tag_members
WHERE project = {project} AND tag = {tag}
    AND entered_at <= make_timestamptz({moment})
    AND (left_at IS NULL OR left_at > make_timestamptz({moment}))
