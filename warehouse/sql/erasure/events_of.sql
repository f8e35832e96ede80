-- events_of: the events of the temp table `theirs`.
SELECT events.*
FROM events SEMI JOIN theirs USING (event_day, subject_key, load_seq)
ORDER BY timestamp, load_seq
