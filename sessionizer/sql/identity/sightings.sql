-- sightings: which ids were named together, and how; one row for many events.
CREATE OR REPLACE TEMP TABLE sightings AS
SELECT
    project, anonymous_id, user_id,
    CASE WHEN type = 'identify' THEN 'identify' ELSE 'same_event' END AS evidence,
    min(load_seq) AS load_seq, arg_min(message_id, load_seq) AS message_id, min(happened_at) AS first_seen, max(happened_at) AS last_seen
FROM {source}
GROUP BY ALL
