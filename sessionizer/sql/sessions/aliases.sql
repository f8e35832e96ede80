-- aliases: an id that is in use no more leads to the session that now holds its first event.
INSERT INTO lake.main.session_aliases
SELECT old.session_id, visits.session_id, {until}
FROM (
    SELECT session_id, subject_key, row(started_at, first_message_id) AS opening
    FROM gone
    WHERE session_id NOT IN (SELECT session_id FROM {visits})
) AS old
ASOF JOIN (SELECT session_id, subject_key, row(started_at, first_message_id) AS opening FROM {visits}) AS visits
    ON visits.subject_key = old.subject_key AND old.opening >= visits.opening
