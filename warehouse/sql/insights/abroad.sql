-- abroad: sessions on a device in which somebody else is signed in than its own customer, between the moments that are surely
-- theirs; `begins_with` and `ends_with` are moments that a neighbour shares, where message ids decide
abroad AS MATERIALIZED (
    SELECT s.subject_key, s.identity_key, s.session_id
    FROM sessions AS s
    JOIN identities AS theirs ON theirs.identity_key = s.identity_key
    JOIN identities AS own ON own.identity_key = s.subject_key
    WHERE s.project = {project}
        AND s.identity_key <> s.subject_key
        AND s.ended_at >= make_timestamptz({since})
        AND s.started_at < make_timestamptz({until})
        AND theirs.customer_id <> own.customer_id
),
beside AS MATERIALIZED (
    SELECT
        *,
        coalesce(started_at = lag(ended_at) OVER line, FALSE) AS begins_with,
        coalesce(ended_at = lead(started_at) OVER line, FALSE) AS ends_with
    FROM sessions
    WHERE subject_key IN (SELECT subject_key FROM abroad)
        AND project = {project}
        AND ended_at >= make_timestamptz({since})
        AND started_at < make_timestamptz({until})
    WINDOW line AS (PARTITION BY subject_key ORDER BY started_at, first_message_id)
),
visiting AS MATERIALIZED (
    SELECT
        b.*,
        b.started_at + if(b.begins_with, INTERVAL 1 MICROSECOND, INTERVAL 0 MICROSECOND) AS opens,
        b.ended_at - if(b.ends_with, INTERVAL 1 MICROSECOND, INTERVAL 0 MICROSECOND) AS closes
    FROM beside AS b
    JOIN abroad USING (session_id)
),
touching AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT *, started_at AS moment FROM visiting WHERE begins_with
        UNION ALL
        SELECT *, ended_at FROM visiting WHERE ends_with AND NOT (begins_with AND ended_at = started_at)
    )
    LIMIT 1000000 -- far more than there ever are; it tells the planner that events are not what to keep in memory
),
edges AS MATERIALIZED (
    SELECT e.load_seq, v.identity_key
    FROM events AS e
    JOIN touching AS v ON v.subject_key = e.subject_key AND v.moment = e.timestamp
    WHERE e.project = {project}
        AND e.timestamp >= make_timestamptz({since})
        AND e.timestamp < make_timestamptz({until})
        AND e.load_seq <= {seq}
        AND (e.timestamp > v.started_at OR e.message_id >= v.first_message_id)
        AND (e.timestamp < v.ended_at OR e.message_id <= v.last_message_id)
)
