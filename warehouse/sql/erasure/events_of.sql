-- events_of: the events of the temp table `theirs`.
SELECT *
FROM events
WHERE load_seq IN (SELECT load_seq FROM theirs)
ORDER BY timestamp, load_seq
