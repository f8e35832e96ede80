-- values: what is known of one field of a customer: ids of that kind, attributes of that name
SELECT value
FROM identities
WHERE customer_id = $customer AND kind = $field
UNION
SELECT value ->> '$'
FROM customer_attributes
WHERE customer_id = $customer AND name = $field
ORDER BY 1
