-- aliases: an id that is in use no more leads to the session that now holds its first event.
INSERT INTO lake.main.session_aliases
SELECT gone.session_id, arg_max(visits.session_id, row(visits.started_at, visits.first_message_id)), {until}
FROM gone
JOIN visits
    ON visits.subject_key = gone.subject_key
    AND row(visits.started_at, visits.first_message_id) <= row(gone.started_at, gone.first_message_id)
WHERE gone.session_id NOT IN (SELECT session_id FROM visits)
GROUP BY gone.session_id
