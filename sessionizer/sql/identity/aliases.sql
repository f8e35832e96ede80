-- aliases: which previous id was said to be which user. An id that is said to be itself says nothing.
CREATE OR REPLACE TEMP TABLE aliases AS
SELECT
    project, previous_id, user_id, {daily} AS daily,
    min(load_seq) AS load_seq, arg_min(message_id, load_seq) AS message_id, arg_min(received_day, load_seq) AS day,
    min(happened_at) AS first_seen, max(happened_at) AS last_seen
FROM {source}
WHERE type = 'alias' AND previous_id <> user_id
GROUP BY ALL
