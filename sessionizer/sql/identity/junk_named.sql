-- junk_named: and of those found in traits and contexts.
UNION ALL
SELECT rich.project, meant.kind, raw, rule, events
FROM raw_ids JOIN meant USING (place, raw) JOIN rich USING (n)
WHERE rule IS NOT NULL
