-- links: everything that links two ids of a customer, in the order in which it was said.
WITH ids AS (SELECT identity_key FROM identities WHERE customer_id = $customer)
SELECT
    left_key, left_kind, left_value, right_key, right_kind, right_value, evidence, message_id, load_seq, state, rule,
    day::VARCHAR AS day
FROM identity_edges
WHERE state = 'joined' AND left_key IN (FROM ids) AND right_key IN (FROM ids)
ORDER BY load_seq, left_key, right_key
