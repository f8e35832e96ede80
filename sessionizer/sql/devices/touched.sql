-- devices_asked: devices of which it may have changed to whom they belong when: a user was blocked there, sessions with
-- a user came or went before the first login that is known, a user was blocked and the first session with one came, or
-- customers became one.
CREATE OR REPLACE TEMP TABLE devices_asked AS
SELECT left_key AS identity_key
FROM new_edges
WHERE state = 'blocked' AND left_kind = 'anonymous_id' AND right_kind = 'user_id'
UNION
SELECT i.identity_key
FROM intervals_near AS i
JOIN (
    SELECT subject_key, started_at FROM born WHERE user_id IS NOT NULL
    UNION ALL
    SELECT subject_key, started_at FROM gone WHERE user_id IS NOT NULL
) AS moved ON moved.subject_key = i.identity_key
WHERE i.valid_from IS NULL AND ({always} OR moved.started_at <= i.valid_to)
UNION
SELECT left_key
FROM known_edges
WHERE user_blocked AND left_key IN (SELECT subject_key FROM born WHERE user_id IS NOT NULL)
    AND left_key NOT IN (SELECT identity_key FROM intervals_near)
{merged}
