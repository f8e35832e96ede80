-- attributes: what was said of the customer, one value each, by name.
SELECT name, value::VARCHAR, rule, source, said_at, values_seen, contradictory
FROM customer_attributes
WHERE customer_id = ?
ORDER BY name
