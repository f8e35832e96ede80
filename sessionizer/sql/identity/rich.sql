-- rich: the same for events that may name more ids than these; n is the row's number.
CREATE OR REPLACE TEMP TABLE rich AS
SELECT row_number() OVER () AS n, *
FROM (
    SELECT
        project, anonymous_id, user_id, group_id, trait_ids, context_ids, {daily} AS daily, type = 'group' AS of_group,
        CASE WHEN type = 'identify' THEN 'identify' ELSE 'same_event' END AS evidence,
        min(load_seq) AS load_seq, arg_min(message_id, load_seq) AS message_id, arg_min(received_day, load_seq) AS day,
        min(happened_at) AS first_seen, max(happened_at) AS last_seen, count(*) AS events
    FROM {source}
    WHERE trait_ids IS NOT NULL OR context_ids IS NOT NULL OR group_id IS NOT NULL
    GROUP BY ALL
)
