-- pairs_aliased: of these, what aliases say.
UNION ALL
SELECT
    a.project, p.identity_key, p.kind, a.previous_id, identity_key(a.project, 'user_id', a.user_id), 'user_id', a.user_id,
    daily, 'alias', a.message_id, a.load_seq, a.day
FROM aliases AS a JOIN previous AS p USING (project, previous_id)
