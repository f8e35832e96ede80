-- late: the earliest event of a time that was judged before it came (µs UTC)
SELECT epoch_us(min(timestamp))
FROM events
WHERE project = $project
    AND load_seq > $seen
    AND load_seq <= $seq
    AND event_day >= CAST(make_timestamptz($since) AT TIME ZONE 'UTC' AS DATE)
    AND event_day <= CAST(make_timestamptz($until) AT TIME ZONE 'UTC' AS DATE)
    AND timestamp >= make_timestamptz($since)
    AND timestamp < make_timestamptz($until)
