-- members: who has a tag at a moment, those who entered it last first
SELECT customer_id, epoch_us(entered_at), epoch_us(left_at), evidence::VARCHAR, version, epoch_us(evaluated_at)
FROM tag_members
WHERE project = {project} AND tag = {tag} AND entered_at <= make_timestamptz({moment})
    AND (left_at IS NULL OR left_at > make_timestamptz({moment}))
ORDER BY entered_at DESC, customer_id
LIMIT {limit}
