-- edges: everything that links, or would link, an id of these customers with another one, in the order in which it was said.
WITH ids AS (SELECT identity_key FROM identities WHERE project = $project AND customer_id IN ($a, $b))
SELECT
    left_key, left_kind, left_value, right_key, right_kind, right_value, evidence, message_id, load_seq, state, rule
FROM identity_edges
WHERE
    project = $project
    AND state IN ('joined', 'blocked')
    AND (left_key IN (FROM ids) OR right_key IN (FROM ids))
ORDER BY load_seq, left_key, right_key
