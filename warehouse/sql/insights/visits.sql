-- visits: the session of an event: the last one of its stream that began before or with it, and has not ended
ASOF LEFT JOIN (
    SELECT *
    FROM sessions AS s
    WHERE s.project = {project}
        AND s.ended_at >= make_timestamptz({since})
        AND s.started_at < make_timestamptz({until})
) AS v
    ON v.subject_key = e.subject_key
    AND row(e.timestamp, e.message_id) >= row(v.started_at, v.first_message_id)
