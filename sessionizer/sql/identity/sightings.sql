-- sightings: which ids were named together by events that name no others than these, and how; one row for many events.
CREATE OR REPLACE TEMP TABLE sightings AS
SELECT
    project, anonymous_id, user_id, {daily} AS daily,
    CASE WHEN type = 'identify' THEN 'identify' ELSE 'same_event' END AS evidence,
    min(load_seq) AS load_seq, arg_min(message_id, load_seq) AS message_id, arg_min(received_day, load_seq) AS day,
    min(happened_at) AS first_seen, max(happened_at) AS last_seen
FROM {source}
WHERE trait_ids IS NULL AND context_ids IS NULL AND group_id IS NULL
GROUP BY ALL
