-- said: the ids that events named as device or as user.
CREATE OR REPLACE TEMP TABLE said AS
WITH one AS (
    SELECT project, 'anonymous_id' AS kind, anonymous_id AS value, load_seq, first_seen, last_seen
    FROM sightings WHERE anonymous_id IS NOT NULL
    UNION ALL
    SELECT project, 'user_id', user_id, load_seq, first_seen, last_seen FROM sightings WHERE user_id IS NOT NULL
)
SELECT
    identity_key(project, kind, value) AS identity_key, project, kind, value,
    min(load_seq) AS first_load_seq, min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM one
GROUP BY project, kind, value
