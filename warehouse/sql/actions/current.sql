-- current: who the customers of tag_customers are now, after merges; whoever is no more is left out
WITH RECURSIVE led AS (
    SELECT customer_id AS given, customer_id AS current
    FROM tag_customers
    UNION
    SELECT l.given, r.customer_id
    FROM led AS l
    JOIN customer_redirects AS r ON r.old_customer_id = l.current
)
SELECT l.given, l.current
FROM led AS l
JOIN customers AS c ON c.customer_id = l.current
