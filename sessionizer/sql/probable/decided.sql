-- probable_decided: every edge as it is decided now. One whose id is gone goes with it.
CREATE OR REPLACE TEMP TABLE probable_decided AS
WITH ruled AS (
    SELECT
        n.* RENAME (state AS old_state, rule AS old_rule),
        CASE
            WHEN n.left_customer = n.right_customer THEN 'certain'
            WHEN n.confidence < $threshold THEN 'below_threshold'
            ELSE r.broken
        END AS rule
    FROM probable_now AS n
    LEFT JOIN rules_found AS r USING (handle)
)
SELECT *, CASE WHEN coalesce(rule, 'certain') = 'certain' THEN 'joined' ELSE 'blocked' END AS state
FROM ruled
