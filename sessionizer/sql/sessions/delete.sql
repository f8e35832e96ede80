-- delete: takes the old rows out, reading the partitions of their days only.
DELETE FROM lake.main.sessions
WHERE session_day IN ({days})
    AND rowid IN (SELECT before.handle FROM before JOIN gone USING (session_id))
