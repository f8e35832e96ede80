-- refused: rejected events of each kind and day of receipt, by code and pointer.
-- Parameters: first and last day, project and event or null for all.
SELECT
    project,
    left(type, 200) AS type,
    CASE type WHEN 'track' THEN left(event, 200) END AS event,
    received_at::DATE AS day,
    reason,
    pointer,
    count(*) AS events
FROM rejected
WHERE
    verdict = 'rejected'
    AND received_at >= $first::DATE AND received_at < $last::DATE + 1
    AND ($project IS NULL OR project = $project)
    AND ($event IS NULL OR coalesce(event, type) = $event)
GROUP BY ALL
