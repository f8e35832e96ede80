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
        started_at = lag(ended_at) OVER line AS begins_with,
        ended_at = lead(started_at) OVER line AS ends_with
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
edges AS MATERIALIZED (
    SELECT e.load_seq, v.identity_key
    FROM events AS e
    JOIN visiting AS v
        ON v.subject_key = e.subject_key
        AND (v.begins_with AND e.timestamp = v.started_at OR v.ends_with AND e.timestamp = v.ended_at)
        AND (e.timestamp, e.message_id) BETWEEN (v.started_at, v.first_message_id) AND (v.ended_at, v.last_message_id)
    WHERE (v.begins_with OR v.ends_with)
        AND e.project = {project}
        AND e.timestamp >= make_timestamptz({since})
        AND e.timestamp < make_timestamptz({until})
        AND e.load_seq <= {seq}
)
