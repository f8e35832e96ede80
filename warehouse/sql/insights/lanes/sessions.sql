-- sessions: whose and on whose device each session was, and its first and last moment, in µs from the beginning on
SELECT
    subject_key,
    identity_key,
    epoch_us(started_at) - {since} AS begins,
    epoch_us(ended_at) - {since} AS ends
FROM sessions
WHERE project = {project}
    AND ended_at >= make_timestamptz({since})
    AND started_at < make_timestamptz({until})
