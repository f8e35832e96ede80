-- theirs: events of a person: those that name one of the person's ids, and those without a user in the person's
-- visits of a device that others use too.
-- Parameters: project, those of the statements `named`, either (ids as an alias names them), keys, kept (keys of shared ids).
CREATE OR REPLACE TEMP TABLE theirs AS
WITH shared AS (
    SELECT subject_key, started_at, ended_at, first_message_id, last_message_id
    FROM sessions
    WHERE
        project = $project
        AND subject_key IN (SELECT unnest($kept::BIGINT[]))
        AND identity_key IN (SELECT unnest($keys::BIGINT[]) UNION ALL SELECT unnest($kept::BIGINT[]))
)

{named}
UNION
SELECT load_seq, message_id, event_day, subject_key, false
FROM events
WHERE project = $project AND previous_id IN (SELECT unnest($either::VARCHAR[]))
UNION
SELECT events.load_seq, events.message_id, events.event_day, events.subject_key, true
FROM events
INNER JOIN shared USING (subject_key)
WHERE
    events.user_id IS NULL
    AND (events.timestamp, events.message_id)
    BETWEEN (shared.started_at, shared.first_message_id) AND (shared.ended_at, shared.last_message_id)
