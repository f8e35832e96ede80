-- volumes: events of each kind and day, how many of them before an hour of the day, and how many came late.
-- Times are counted as numbers: arithmetic on times with a zone is many times slower.
-- Parameters: first and last day, hour (of the day, UTC), project and event or null for all.
WITH named AS (
    SELECT
        project,
        type,
        CASE type WHEN 'track' THEN event END AS event,
        event_day,
        epoch_us(timestamp) // 3600000000 % 24 < $hour AS early,
        epoch_us(received_at) - epoch_us(timestamp) AS delay_us
    FROM events
    WHERE event_day BETWEEN $first AND $last AND ($project IS NULL OR project = $project)
)

SELECT
    project,
    type,
    event,
    event_day,
    count(*) AS volume,
    count(*) FILTER (early) AS volume_before,
    count(*) FILTER (delay_us > 3600000000) AS late_hour,
    count(*) FILTER (delay_us > 86400000000) AS late_day
FROM named
WHERE $event IS NULL OR coalesce(event, type) = $event
GROUP BY ALL
