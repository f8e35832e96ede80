-- junk_insert: puts in the new counts.
INSERT INTO lake.main.junk_ids
SELECT project, kind, value, rule, sum(events)::BIGINT
FROM (FROM junk_found UNION ALL SELECT * EXCLUDE (handle) FROM junk_known)
GROUP BY ALL
ORDER BY ALL
