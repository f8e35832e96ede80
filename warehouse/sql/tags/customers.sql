-- customers: the customers of the temp table tag_customers that there are, by number, and when each was first seen
SELECT ('0x' || substr(customer_id, 3))::BIGINT AS customer, epoch_us(first_seen) AS first_seen
FROM customers
WHERE project = {project} AND customer_id IN (SELECT customer_id FROM tag_customers)
ORDER BY customer
