-- fates: what became of each event that was loaded, as a session's rules see it. Waiting: it is not stitched yet.
SELECT
    CASE
        WHEN e.load_seq > {until} THEN 'waiting'
        ELSE coalesce({apart}, 'in_sessions')
    END AS fate,
    count(*) AS events
FROM lake.main.events AS e
WHERE {since}
GROUP BY ALL
UNION ALL
SELECT 'duplicate', count(*) FROM lake.main.duplicates AS e WHERE {since} GROUP BY ALL
UNION ALL
SELECT verdict, count(*) FROM lake.main.rejected AS e WHERE {since} GROUP BY ALL
