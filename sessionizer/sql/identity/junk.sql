-- junk_found: values that stand where an id should be and are none, and how many events hold them.
CREATE OR REPLACE TEMP TABLE junk_found AS
WITH fields AS (
    SELECT
        project, unnest(['user_id', 'anonymous_id', 'previous_id', 'group_id']) AS kind,
        unnest([
            CASE WHEN user_id IS NULL THEN said_user_id END,
            CASE WHEN anonymous_id IS NULL THEN said_anonymous_id END,
            CASE WHEN previous_id IS NULL THEN said_previous_id END,
            CASE WHEN group_id IS NULL THEN said_group_id END
        ]) AS value
    FROM {source}
    WHERE has_junk
),
one AS (
    SELECT project, kind, value, CASE WHEN length(value) > {longest} THEN 'too_long' ELSE 'no_id' END AS rule, 1 AS events
    FROM fields
    WHERE value <> ''
    {rich}
)
SELECT project, kind, left(value, 64) AS value, rule, sum(events)::BIGINT AS events
FROM one
GROUP BY ALL
