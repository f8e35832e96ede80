-- asked_aliased: and those that aliases name, of either kind.
UNION
SELECT identity_key(project, unnest(['anonymous_id', 'user_id']), previous_id) FROM aliases
