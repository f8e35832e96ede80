-- their_sessions: visits of the people in person_keys and kept_keys, with every id they ever had.
CREATE OR REPLACE TEMP TABLE person_sessions AS
WITH RECURSIVE ids AS (
    (
        {sessions}
    )
    UNION
    SELECT session_aliases.old_session_id
    FROM session_aliases INNER JOIN ids USING (session_id)
)

SELECT session_id AS id FROM ids
