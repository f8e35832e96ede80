-- owned: the customer of each id, by a number
SELECT identity_key, hash(customer_id) AS customer
FROM identities
WHERE project = {project}
