-- oldest: the oldest id of a customer.
SELECT project, kind, value, identity_key, customer_id
FROM identities
WHERE customer_id = ?
ORDER BY first_load_seq, identity_key
LIMIT 1
