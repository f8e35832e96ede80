-- sample: properties (or traits) of some events of each kind, the same ones each time, kind by kind.
-- Parameters: first and last day, project, sample (events of a kind, about), most (kinds).
WITH named AS NOT MATERIALIZED (
    SELECT
        type,
        CASE type WHEN 'track' THEN event END AS event,
        load_seq,
        CASE WHEN type IN ('identify', 'group') THEN traits ELSE properties END AS shape
    FROM events
    WHERE event_day BETWEEN $first AND $last AND project = $project AND type <> 'alias'
),

often AS (
    SELECT type, event, 1e6 * $sample / count(*) AS share
    FROM named
    GROUP BY ALL
    ORDER BY count(*) DESC, type, event
    LIMIT $most
)

SELECT named.type, named.event, shape::VARCHAR AS shape
FROM named JOIN often ON named.type = often.type AND coalesce(named.event, '') = coalesce(often.event, '')
WHERE hash(load_seq) % 1000000 < share
ORDER BY named.type, named.event, load_seq
