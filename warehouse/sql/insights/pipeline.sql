-- pipeline: every state of imported leads or deals, with what their customers did lately
WITH states AS (
    SELECT
        coalesce(e.context ->> '$.import.source', '') AS system,
        e.extra ->> '$.import.id' AS item,
        epoch_us(coalesce(try_cast(e.properties ->> '$.stage_changed_at' AS TIMESTAMPTZ), e.timestamp)) AS since,
        epoch_us(e.timestamp) AS moment,
        e.load_seq,
        coalesce(trim(e.properties ->> '$.stage'), '') AS stage,
        trim(e.properties ->> '$.owner') AS owner,
        e.properties ->> '$.name' AS name,
        try_cast(e.properties ->> '$.amount' AS DOUBLE) AS amount,
        e.properties ->> '$.currency' AS currency,
        trim(e.properties ->> '$.source') AS source,
        epoch_us(try_cast(e.properties ->> '$.created_at' AS TIMESTAMPTZ)) AS created,
        epoch_us(try_cast(e.properties ->> '$.closed_at' AS TIMESTAMPTZ)) AS closed,
        epoch_us(try_cast(e.properties ->> '$.expected_close_at' AS TIMESTAMPTZ)) AS expected,
        i.customer_id AS customer
    FROM events AS e
    LEFT JOIN identities AS i ON e.subject_key = i.identity_key
    WHERE e.library_name = 'sojourn-import'
        AND e.type = 'track'
        AND (e.context ->> '$.import.kind') = {kind}
        AND e.project = {project}
        AND e.load_seq <= {seq}
        AND e.timestamp < make_timestamptz({until})
        AND (e.extra ->> '$.import.id') IS NOT NULL
),
seen AS (
    SELECT
        i.customer_id AS customer,
        max(epoch_us(s.ended_at)) AS last_seen,
        count(*) FILTER (s.started_at >= make_timestamptz({until} - {fortnight})) AS visits,
        coalesce(sum(s.conversions), 0)::BIGINT AS achieved
    FROM sessions AS s
    INNER JOIN identities AS i ON s.identity_key = i.identity_key
    WHERE s.started_at >= make_timestamptz({until} - {month})
        AND s.started_at < make_timestamptz({until})
        AND i.customer_id IN (SELECT customer FROM states)
    GROUP BY 1
)
SELECT states.*, seen.last_seen, coalesce(seen.visits, 0) AS visits, coalesce(seen.achieved, 0) AS achieved
FROM states
LEFT JOIN seen ON states.customer = seen.customer
ORDER BY system, item, since, moment, load_seq
