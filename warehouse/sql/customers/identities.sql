-- identities: the ids of a customer, the oldest first.
SELECT project, identity_key, kind, value, first_seen, last_seen, evidence
FROM identities
WHERE customer_id = ?
ORDER BY first_load_seq, identity_key
