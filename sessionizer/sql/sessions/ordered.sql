-- ordered: atoms as session rules look at them, in order: a subject's by time, then by message id. Of copies of one event,
-- which have one time and message id, the first names a user. Texts are keys here, 0 stands for none.
SELECT
    atom,
    subject_key AS subject,
    epoch_us(started_at) AS at,
    epoch_us(ended_at) AS until,
    CASE WHEN user_id IS NULL THEN 0 ELSE (hash(user_id) >> 1)::BIGINT END AS user,
    (hash(first_message_id) >> 1)::BIGINT AS message,
    events,
    pages,
    entry_page IS NOT NULL AS page,
    coalesce(campaign_source, campaign_medium, campaign_name) IS NOT NULL AS campaigned,
    referrer IS NOT NULL AS referred
FROM {atoms}
WHERE subject_key % {parts} = {part}
ORDER BY subject_key, started_at, first_message_id, user_id NULLS LAST, tie
