-- new_edges: the pairs that were decided on, joined or blocked with the rule that stopped them. What is blocked is kept,
-- so that it can be explained. A person is a member of an account.
CREATE OR REPLACE TEMP TABLE new_edges AS
SELECT
    project, left_key, left_kind, left_value, right_key, right_kind, right_value, evidence, message_id, load_seq,
    CASE WHEN is_blocked THEN 'blocked' WHEN is_member THEN 'member' WHEN v.rule IS NULL THEN 'joined' ELSE 'blocked' END AS state,
    CASE WHEN is_blocked THEN 'decision' ELSE v.rule END AS rule,
    day
FROM candidates
LEFT JOIN verdicts AS v USING (edge)
WHERE v.rule IS DISTINCT FROM 'settled'
{once}
