-- named: the ids of each row of rich.
CREATE OR REPLACE TEMP TABLE named AS
WITH one AS (
    SELECT n, 'user_id' AS kind, user_id AS value FROM rich WHERE user_id IS NOT NULL
    UNION ALL
    SELECT n, 'anonymous_id', anonymous_id FROM rich WHERE anonymous_id IS NOT NULL
    UNION ALL
    SELECT n, 'group_id', group_id FROM rich WHERE group_id IS NOT NULL
    UNION
    SELECT n, meant.kind, meant.value FROM raw_ids JOIN meant USING (place, raw) WHERE meant.rule IS NULL
)
SELECT
    one.n, rich.project, one.kind, one.value, identity_key(rich.project, one.kind, one.value) AS identity_key,
    kinds.priority, kinds.account
FROM one
JOIN rich USING (n)
JOIN (VALUES {kinds}) AS kinds(kind, code, priority, account) USING (kind)
