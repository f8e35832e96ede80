-- merged: the ids that the customers of tag_customers had before they were merged into them
WITH RECURSIVE merged AS (
    SELECT r.old_customer_id, r.customer_id
    FROM customer_redirects AS r
    WHERE r.customer_id IN (SELECT customer_id FROM tag_customers)
    UNION
    SELECT r.old_customer_id, m.customer_id
    FROM customer_redirects AS r
    JOIN merged AS m ON r.customer_id = m.old_customer_id
)
SELECT old_customer_id, customer_id FROM merged
