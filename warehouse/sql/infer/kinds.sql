-- kinds: how many events of each kind there are, and from when to when.
-- Parameters: first and last day, project.
SELECT
    type,
    CASE type WHEN 'track' THEN event END AS event,
    count(*) AS events,
    min(event_day) AS first_day,
    max(event_day) AS last_day
FROM events
WHERE event_day BETWEEN $first AND $last AND project = $project AND type <> 'alias'
GROUP BY ALL
ORDER BY events DESC, type, event
