-- changed_traits: rows that differ from what is known, once what was heard is added.
CREATE OR REPLACE TEMP TABLE changed_traits AS
WITH together AS (
    SELECT * EXCLUDE (handle) FROM known_traits
    UNION ALL
    SELECT * FROM heard
),
ordered AS (
    SELECT *, CASE WHEN via = 'context' THEN -last_load_seq ELSE last_load_seq END AS later FROM together
),
added AS (
    SELECT
        project, identity_key, name, value, via, library, dialect, key_id,
        CASE WHEN via = 'context' THEN 1 ELSE sum(said)::BIGINT END AS said,
        min(first_at) AS first_at,
        arg_min(first_load_seq, row(first_at, first_load_seq)) AS first_load_seq,
        arg_min(first_message_id, row(first_at, first_load_seq)) AS first_message_id,
        max(last_at) AS last_at,
        arg_max(last_load_seq, row(last_at, later)) AS last_load_seq,
        arg_max(last_message_id, row(last_at, later)) AS last_message_id
    FROM ordered
    GROUP BY project, identity_key, name, value, via, library, dialect, key_id
)
SELECT * FROM added EXCEPT SELECT * EXCLUDE (handle) FROM known_traits
