-- insert: puts the counts in, and those of all events together. The lake sorts them.
INSERT INTO lake.main.daily
SELECT day, hour, project, type, event, visitor_key, subject_key, events
FROM rollup_counts
UNION ALL
SELECT day, hour, project, '*', NULL, visitor_key, subject_key, sum(events)::BIGINT
FROM rollup_counts
GROUP BY ALL
