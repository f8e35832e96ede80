-- clusters: the clusters that got new events. Appended: all of them are later than its last session, whose row says
-- everything that is needed to go on from it; otherwise its events are read again. Two sessions of the same one moment
-- leave it open which is the last. Some rules need to know more than the row says.
CREATE OR REPLACE TEMP TABLE clusters AS
WITH grouped AS (
    SELECT
        subject_key,
        cluster,
        min(started_at) AS opens,
        max(ended_at) AS closes,
        min(started_at) FILTER (handle IS NULL) AS first_new,
        max(ended_at) FILTER (handle IS NULL) AS last_new,
        arg_max(handle, row(ended_at, started_at)) FILTER (handle IS NOT NULL) AS last_handle,
        max(row(ended_at, started_at), 2) FILTER (handle IS NOT NULL) AS ends
    FROM items
    GROUP BY subject_key, cluster
    HAVING count(load_seq) > 0
)
SELECT
    * EXCLUDE (ends),
    coalesce(first_new > ends[1][1] AND (len(ends) = 1 OR ends[1] > ends[2]), true)
        AND (ends IS NULL OR {resumable}) AS appended
FROM grouped
