-- near_span: one span of near; a long session can lie in two spans, hence UNION without ALL between them.
SELECT rowid AS handle, subject_key, started_at, ended_at
FROM lake.main.sessions
WHERE started_at <= make_timestamptz({hi}) AND ended_at >= make_timestamptz({lo})
    AND subject_key IN (SELECT subject_key FROM touched)
