-- ids: the ids of the customers of tag_customers, the oldest of each first
SELECT customer_id, kind, value
FROM identities
WHERE project = $project AND customer_id IN (SELECT customer_id FROM tag_customers)
ORDER BY customer_id, first_load_seq, kind, value
