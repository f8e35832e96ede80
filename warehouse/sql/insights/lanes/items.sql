-- items: what steps can show, by the type and name of their events
SELECT type, event, min(item) AS item, hash(min(item)) AS mark
FROM (
{happened}
)
GROUP BY type, event
ORDER BY item, type, event
LIMIT {most}
