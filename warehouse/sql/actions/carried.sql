-- carried: which of these events say that an action of ours led to them
SELECT DISTINCT message_id
FROM events
WHERE project = $project AND subject_key IN (SELECT subject_key FROM tag_subjects)
    AND list_contains($ids::VARCHAR[], message_id)
    AND coalesce(properties ->> '$.sojourn_action', context ->> '$.sojourn_action') IS NOT NULL
