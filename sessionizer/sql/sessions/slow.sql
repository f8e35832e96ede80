-- slow: the clusters whose events are read again, from which event to which. Where a cluster opens or closes with a
-- session, another user's session can end or start at the same moment, and is told from it by message id.
CREATE OR REPLACE TEMP TABLE slow AS
SELECT
    c.subject_key,
    c.opens,
    c.closes,
    coalesce(min(b.first_message_id) FILTER (b.started_at = c.opens AND c.first_new > c.opens), '') AS opening,
    max(b.last_message_id) FILTER (b.ended_at = c.closes AND c.last_new < c.closes) AS closing
FROM clusters AS c
JOIN items USING (subject_key, cluster)
JOIN before AS b USING (handle)
WHERE NOT c.appended
GROUP BY ALL
