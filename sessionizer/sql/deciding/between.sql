-- between: the links between these ids and all others of the customer.
WITH parts AS (SELECT unnest(?) AS identity_key),
ids AS (SELECT identity_key FROM identities WHERE customer_id = ?)
SELECT DISTINCT left_kind, left_value, right_kind, right_value
FROM identity_edges
WHERE
    state = 'joined'
    AND left_key IN (FROM ids)
    AND right_key IN (FROM ids)
    AND (left_key IN (FROM parts)) <> (right_key IN (FROM parts))
ORDER BY ALL
