-- item_names: what imported items are called, by the newest row of each
SELECT extra ->> '$.import.id' AS item_id, arg_max(properties ->> '$.name', (timestamp, load_seq)) AS name
FROM events
WHERE project = $project AND event = 'Item Updated' AND library_name = 'sojourn-import'
    AND list_contains($ids::VARCHAR[], extra ->> '$.import.id')
GROUP BY item_id
