-- copies: later copies of stored events, by kind and day of the event that they repeat.
-- Parameters: first and last day, project and event or null for all.
WITH copies AS (
    SELECT project, message_id, count(*) AS times
    FROM duplicates
    WHERE received_at >= $first::DATE AND ($project IS NULL OR project = $project)
    GROUP BY ALL
)

SELECT
    events.project,
    type,
    CASE type WHEN 'track' THEN event END AS event,
    event_day,
    sum(times)::BIGINT AS events
FROM events JOIN copies USING (project, message_id)
WHERE event_day BETWEEN $first AND $last AND ($event IS NULL OR coalesce(CASE type WHEN 'track' THEN event END, type) = $event)
GROUP BY ALL
