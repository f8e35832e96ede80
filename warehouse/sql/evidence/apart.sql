-- apart: what would have linked an id of a customer with somebody else's, the newest first, whose that id is, and how many there are.
WITH ids AS (SELECT identity_key FROM identities WHERE customer_id = $customer),
edges AS (
    SELECT *, left_key IN (FROM ids) AS is_left
    FROM identity_edges
    WHERE state = 'blocked' AND (left_key IN (FROM ids)) <> (right_key IN (FROM ids))
),
newest AS (
    SELECT *, count(*) OVER () AS number FROM edges ORDER BY load_seq DESC, left_key, right_key LIMIT $most
)
SELECT
    n.left_key, n.left_kind, n.left_value, n.right_key, n.right_kind, n.right_value, n.evidence, n.message_id, n.load_seq,
    n.state, n.rule, n.day::VARCHAR AS day, i.customer_id, n.number
FROM newest AS n
LEFT JOIN identities AS i ON i.identity_key = CASE WHEN n.is_left THEN n.right_key ELSE n.left_key END
ORDER BY n.load_seq DESC, n.left_key, n.right_key
