-- differences: days and names of which the roll-up and the events have not the same number, up to a load_seq.
WITH counted AS (
    SELECT project, event_day AS day, type, event, count(*) AS events
    FROM lake.main.events
    WHERE load_seq <= {until} AND is_bot IS NOT TRUE
    GROUP BY ALL
),
together AS (
    SELECT project, day, type, event, 0 AS rolled, events FROM counted
    UNION ALL
    SELECT project, day, '*', NULL, 0, events FROM counted
    UNION ALL
    SELECT project, day, type, event, events, 0 FROM lake.main.daily
)
SELECT project, day, type, event, sum(rolled)::BIGINT, sum(events)::BIGINT
FROM together
GROUP BY project, day, type, event
HAVING sum(rolled) <> sum(events)
ORDER BY ALL
LIMIT {most}
