-- pairs: which two ids the events joined; of a pair that was joined more than once, the first time.
CREATE OR REPLACE TEMP TABLE pairs AS
WITH one AS (
    SELECT
        project, identity_key(project, 'anonymous_id', anonymous_id) AS left_key, 'anonymous_id' AS left_kind,
        anonymous_id AS left_value, user_id, evidence, message_id, load_seq
    FROM sightings
    WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL
    UNION ALL
    SELECT a.project, p.identity_key, p.kind, a.previous_id, a.user_id, 'alias', a.message_id, a.load_seq
    FROM aliases AS a JOIN previous AS p USING (project, previous_id)
)
SELECT
    project, left_key, min(left_kind) AS left_kind, min(left_value) AS left_value,
    identity_key(project, 'user_id', user_id) AS right_key, 'user_id' AS right_kind, user_id AS right_value,
    arg_min(evidence, row(load_seq, evidence)) AS evidence, arg_min(message_id, load_seq) AS message_id,
    min(load_seq) AS load_seq
FROM one
GROUP BY project, left_key, user_id
