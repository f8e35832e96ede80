-- pairs: which two ids the events named together; of a pair that was named more than once, the first time, or the first
-- time of each day where a rule looks at days.
CREATE OR REPLACE TEMP TABLE pairs AS
WITH one AS (
    SELECT
        project, identity_key(project, 'anonymous_id', anonymous_id) AS left_key, 'anonymous_id' AS left_kind,
        anonymous_id AS left_value, identity_key(project, 'user_id', user_id) AS right_key, 'user_id' AS right_kind,
        user_id AS right_value, daily, evidence, message_id, load_seq, day
    FROM sightings
    WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL
    UNION ALL
    FROM stars
    {aliased}
    {merged}
)
SELECT
    min(project) AS project, left_key, min(left_kind) AS left_kind, min(left_value) AS left_value, right_key,
    min(right_kind) AS right_kind, min(right_value) AS right_value, arg_min(evidence, row(load_seq, evidence)) AS evidence,
    arg_min(message_id, load_seq) AS message_id, min(load_seq) AS load_seq, arg_min(day, load_seq) AS day
FROM one
GROUP BY left_key, right_key, daily, evidence = 'decision'
