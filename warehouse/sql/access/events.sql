-- events: those of customers in scope; on a device of several people what happened in their visits, and on their own one
-- also what happened in nobody's
SELECT {columns}
FROM lake.events AS e
WHERE e.subject_key IN (SELECT identity_key FROM temp.scope_ids)
    AND e.subject_key NOT IN (SELECT subject_key FROM temp.scope_mixed)
UNION ALL
SELECT {columns}
FROM lake.events AS e
JOIN lake.sessions AS s
    ON s.subject_key = e.subject_key
    AND row(e.timestamp, e.message_id) BETWEEN row(s.started_at, s.first_message_id) AND row(s.ended_at, s.last_message_id)
WHERE e.subject_key IN (SELECT subject_key FROM temp.scope_mixed)
    AND s.identity_key IN (SELECT identity_key FROM temp.scope_ids)
UNION ALL
SELECT {columns}
FROM lake.events AS e
WHERE e.subject_key IN (SELECT subject_key FROM temp.scope_mixed)
    AND e.subject_key IN (SELECT identity_key FROM temp.scope_ids)
    AND NOT EXISTS (
        SELECT 1
        FROM lake.sessions AS s
        WHERE s.subject_key = e.subject_key
            AND row(e.timestamp, e.message_id)
            BETWEEN row(s.started_at, s.first_message_id) AND row(s.ended_at, s.last_message_id)
    )
