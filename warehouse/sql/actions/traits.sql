-- traits: what is known of the customers of tag_customers, as far as it is asked for
SELECT customer_id, name, value ->> '$'
FROM customer_attributes
WHERE project = $project AND list_contains($names::VARCHAR[], name)
    AND customer_id IN (SELECT customer_id FROM tag_customers)
