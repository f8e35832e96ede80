-- known_edges: which of these pairs were looked at already. A pair stays as it was decided, unless a rule that looks at
-- days stopped it: then it is looked at again, once a day.
CREATE OR REPLACE TEMP TABLE known_edges AS
SELECT
    left_key, right_key, max(day) AS day, bool_or(coalesce(rule NOT LIKE 'window_%', true)) AS final,
    bool_or(state = 'blocked' AND left_kind = 'anonymous_id' AND right_kind = 'user_id') AS user_blocked
FROM lake.main.identity_edges
WHERE left_key IN (SELECT left_key FROM pairs)
GROUP BY left_key, right_key
