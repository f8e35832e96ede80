-- others: how many ids of a customer are not among these.
SELECT count(*) FROM identities WHERE customer_id = ? AND identity_key NOT IN (SELECT unnest(?))
