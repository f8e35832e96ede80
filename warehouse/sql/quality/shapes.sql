-- shapes: in a sample of each kind and day, how many events have a property, and with which JSON type.
-- A row without a name tells how many events were looked at. The sample is the same each time.
-- Parameters: first and last day, sample (events of a kind and day, about), project and event or null for all.
WITH named AS NOT MATERIALIZED (
    SELECT
        project,
        type,
        CASE type WHEN 'track' THEN event END AS event,
        event_day,
        load_seq,
        timestamp,
        CASE WHEN type IN ('identify', 'group') THEN traits ELSE properties END AS shape
    FROM events
    WHERE event_day BETWEEN $first AND $last AND ($project IS NULL OR project = $project)
),

counted AS MATERIALIZED (
    SELECT project, type, event, event_day, count(*) AS volume
    FROM named
    WHERE $event IS NULL OR coalesce(event, type) = $event
    GROUP BY ALL
),

often AS (
    SELECT project, type, event
    FROM counted
    GROUP BY ALL
    ORDER BY sum(volume) DESC
    LIMIT 300
),

shares AS (
    SELECT counted.*, 1e6 * $sample / volume AS share
    FROM counted JOIN often
        ON counted.project = often.project AND counted.type = often.type AND counted.event IS NOT DISTINCT FROM often.event
),

sampled AS MATERIALIZED (
    SELECT named.project, named.type, named.event, named.event_day, named.timestamp, named.shape
    FROM named JOIN shares
        ON named.project = shares.project AND named.type = shares.type AND named.event_day = shares.event_day
        AND coalesce(named.event, '') = coalesce(shares.event, '')
    WHERE hash(load_seq) % 1000000 < share
),

keyed AS (
    SELECT *, unnest(json_keys(shape)) AS name
    FROM sampled
    WHERE json_type(shape) = 'OBJECT'
)

SELECT project, type, event, event_day, NULL AS name, NULL AS json_type, count(*) AS events, min(timestamp) AS first_seen
FROM sampled
GROUP BY ALL
UNION ALL
SELECT
    project,
    type,
    event,
    event_day,
    name,
    json_type(json_extract(shape, '/' || replace(replace(name, '~', '~0'), '/', '~1'))),
    count(*),
    min(timestamp)
FROM keyed
GROUP BY ALL
