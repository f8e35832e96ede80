-- outside: whether an edge leads from somebody in person_keys to somebody else.
SELECT 1
FROM identity_edges
WHERE
    (left_key IN (SELECT key FROM person_keys)) <> (right_key IN (SELECT key FROM person_keys))
LIMIT 1
