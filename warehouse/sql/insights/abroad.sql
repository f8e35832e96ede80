-- abroad: sessions on a device in which somebody else is signed in than its own customer, between the moments that are surely
-- theirs; `begins_with` and `ends_with` are moments that a neighbour shares, where message ids decide; `owned` says whose ids are
owned AS MATERIALIZED ({owned}),
abroad AS MATERIALIZED (
    SELECT s.subject_key, s.identity_key, own.customer AS own, theirs.customer AS theirs
    FROM (
        SELECT DISTINCT subject_key, identity_key
        FROM sessions
        WHERE project = {project}
            AND identity_key <> subject_key
            AND ended_at >= make_timestamptz({since})
            AND started_at < make_timestamptz({until})
    ) AS s
    JOIN owned AS theirs ON theirs.identity_key = s.identity_key
    LEFT JOIN owned AS own ON own.identity_key = s.subject_key
    WHERE theirs.customer IS DISTINCT FROM own.customer
),
beside AS MATERIALIZED (
    SELECT
        subject_key,
        identity_key,
        started_at,
        ended_at,
        coalesce(started_at = lag(ended_at) OVER line, FALSE) AS begins_with,
        coalesce(ended_at = lead(started_at) OVER line, FALSE) AS ends_with
    FROM sessions
    WHERE subject_key IN (SELECT subject_key FROM abroad)
        AND project = {project}
        AND ended_at >= make_timestamptz({since})
        AND started_at < make_timestamptz({until})
    WINDOW line AS (PARTITION BY subject_key ORDER BY started_at, ended_at)
),
visiting AS MATERIALIZED (
    SELECT
        subject_key,
        identity_key,
        own,
        theirs,
        started_at,
        ended_at,
        begins_with,
        ends_with,
        started_at + if(begins_with, INTERVAL 1 MICROSECOND, INTERVAL 0 MICROSECOND) AS opens,
        ended_at - if(ends_with, INTERVAL 1 MICROSECOND, INTERVAL 0 MICROSECOND) AS closes
    FROM beside
    JOIN abroad USING (subject_key, identity_key)
),
touching AS MATERIALIZED (
    SELECT DISTINCT subject_key, moment
    FROM (
        SELECT subject_key, started_at AS moment FROM visiting WHERE begins_with
        UNION ALL
        SELECT subject_key, ended_at FROM visiting WHERE ends_with
    )
    LIMIT 1000000 -- far more than there ever are; it tells the planner that events are not what to keep in memory
),
meeting AS MATERIALIZED (
    SELECT s.subject_key, s.identity_key, t.moment, s.started_at, s.ended_at, s.first_message_id, s.last_message_id
    FROM sessions AS s
    JOIN touching AS t ON t.subject_key = s.subject_key AND t.moment BETWEEN s.started_at AND s.ended_at
    WHERE s.project = {project} AND (s.subject_key, s.identity_key) IN (SELECT (subject_key, identity_key) FROM abroad)
),
edges AS MATERIALIZED (
    SELECT e.load_seq, m.identity_key
    FROM events AS e
    JOIN meeting AS m ON m.subject_key = e.subject_key AND m.moment = e.timestamp
    WHERE e.project = {project}
        AND e.timestamp >= make_timestamptz({since})
        AND e.timestamp < make_timestamptz({until})
        AND e.load_seq <= {seq}
        AND (e.timestamp > m.started_at OR e.message_id >= m.first_message_id)
        AND (e.timestamp < m.ended_at OR e.message_id <= m.last_message_id)
)
