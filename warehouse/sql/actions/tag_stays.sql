-- tag_stays: who entered a tag, or left it, within a time; where `mark` is given only what may be new since
SELECT customer_id, epoch_us({moment}) AS entry, {until} AS until, evidence::VARCHAR
FROM tag_members
WHERE project = $project AND tag = $tag AND {moment} > make_timestamptz($after) AND {moment} <= make_timestamptz($until)
    AND ({moment} > make_timestamptz($seen) OR evaluated_at >= make_timestamptz($mark))
ORDER BY entry, customer_id
