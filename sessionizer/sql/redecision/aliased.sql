-- aliased: the previous ids of aliases of closure, of either kind: of which they are may have changed.
INSERT INTO closure
SELECT DISTINCT previous_key
FROM (
    SELECT
        identity_key(project, 'user_id', user_id) AS user_key,
        unnest([identity_key(project, 'anonymous_id', previous_id), identity_key(project, 'user_id', previous_id)]) AS previous_key
    FROM aliases
)
WHERE user_key IN (SELECT identity_key FROM closure) AND previous_key NOT IN (SELECT identity_key FROM closure)
