-- uncounted: some events lie in visits without making them; whose they are changes with a visit's beginning and end.
UNION ALL
SELECT f.subject_key, f.started_at, f.ended_at
FROM (FROM born UNION ALL FROM gone) AS f
WHERE f.identity_key <> f.subject_key
UNION ALL
SELECT subject_key, happened_at, happened_at FROM fresh WHERE apart = 'uncounted'
