-- new_edges: and what would have linked a life with the one before it.
INSERT INTO new_edges
WITH begun AS (
    SELECT *, kind || '@' || life AS left_kind, CASE WHEN life = 2 THEN kind ELSE kind || '@' || (life - 1) END AS right_kind
    FROM lives_begun
),
ended AS (
    SELECT
        project, identity_key(project, left_kind, value) AS left_key, left_kind, value AS left_value,
        identity_key(project, right_kind, value) AS right_key, right_kind, value AS right_value,
        evidence, message_id, load_seq, 'blocked' AS state, 'ttl_' || kind AS rule, day
    FROM begun
)
SELECT * FROM ended WHERE {among}
