-- said: the ids that events named, in a field, a trait or their context.
CREATE OR REPLACE TEMP TABLE said AS
WITH one AS (
    SELECT project, 'anonymous_id' AS kind, anonymous_id AS value, load_seq, day, first_seen, last_seen
    FROM sightings WHERE anonymous_id IS NOT NULL
    UNION ALL
    SELECT project, 'user_id', user_id, load_seq, day, first_seen, last_seen FROM sightings WHERE user_id IS NOT NULL
    {named}
)
SELECT
    identity_key(project, kind, value) AS identity_key, project, kind, value,
    min(load_seq) AS first_load_seq, arg_min(day, load_seq) AS first_day, min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM one
GROUP BY project, kind, value
