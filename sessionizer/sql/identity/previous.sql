-- previous: of which kind an alias's previous id is: that under which it was first known before any alias named it,
-- else anonymous_id. It never changes afterwards, so it does not depend on how the load order is cut into runs.
CREATE OR REPLACE TEMP TABLE previous AS
WITH firsts AS (
    SELECT identity_key, min(first_load_seq) AS first_load_seq
    FROM (SELECT identity_key, first_load_seq FROM known UNION ALL SELECT identity_key, first_load_seq FROM said)
    GROUP BY identity_key
),
candidates AS (
    SELECT
        project, previous_id, min(load_seq) AS load_seq,
        identity_key(project, 'anonymous_id', previous_id) AS device_key,
        identity_key(project, 'user_id', previous_id) AS user_key
    FROM aliases
    GROUP BY project, previous_id
),
decided AS (
    SELECT c.*, coalesce(u.first_load_seq < least(d.first_load_seq, c.load_seq), false) AS is_user
    FROM candidates AS c
    LEFT JOIN firsts AS d ON d.identity_key = c.device_key
    LEFT JOIN firsts AS u ON u.identity_key = c.user_key
)
SELECT
    project, previous_id,
    CASE WHEN is_user THEN user_key ELSE device_key END AS identity_key,
    CASE WHEN is_user THEN 'user_id' ELSE 'anonymous_id' END AS kind
FROM decided
