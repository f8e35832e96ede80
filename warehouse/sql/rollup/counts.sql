-- counts: events by hour, name and whose they are. The few that lie in somebody else's visit are found first: an outer join
-- with such conditions would compare each event with each visit.
WITH visited AS MATERIALIZED (
    SELECT e.load_seq, v.identity_key
    FROM {events} AS e
    JOIN foreign_visits AS v ON v.subject_key = e.subject_key
    WHERE e.is_bot IS NOT TRUE
        AND e.timestamp BETWEEN v.started_at AND v.ended_at
        AND (e.timestamp > v.started_at OR e.message_id >= v.first_message_id)
        AND (e.timestamp < v.ended_at OR e.message_id <= v.last_message_id)
        AND {among}
)
SELECT
    e.event_day AS day,
    epoch_us(e.timestamp) // 3600000000 AS hour,
    e.project,
    e.type,
    e.event,
    coalesce(visited.identity_key, e.subject_key) AS visitor_key,
    CASE WHEN visited.identity_key IS NOT NULL THEN e.subject_key END AS subject_key,
    count(*) AS events
FROM {events} AS e
LEFT JOIN visited ON visited.load_seq = e.load_seq
WHERE e.is_bot IS NOT TRUE AND {among}
GROUP BY ALL
