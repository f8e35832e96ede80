-- affected: the sessions that may change in this run.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT items.handle, items.started_at
FROM items
JOIN clusters USING (subject_key, cluster)
WHERE items.handle IS NOT NULL AND (NOT clusters.appended OR items.handle = clusters.last_handle)
