-- sdks: events of each SDK and version, by day of receipt.
-- Parameters: first day, until (moment), project and event or null for all.
SELECT project, library_name, library_version, DATE '1970-01-01' + (epoch_us(received_at) // 86400000000)::INTEGER AS day, count(*) AS events
FROM events
WHERE
    event_day BETWEEN $first::DATE - 7 AND $last
    AND received_at >= $first::DATE AND received_at < $last::DATE + 1
    AND library_name IS NOT NULL
    AND ($project IS NULL OR project = $project)
    AND ($event IS NULL OR coalesce(CASE type WHEN 'track' THEN event END, type) = $event)
GROUP BY ALL
