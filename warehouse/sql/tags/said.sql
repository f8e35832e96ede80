-- said: which of these customers have an attribute, since when its value is known, and whether it passes
SELECT
    ('0x' || substr(a.customer_id, 3))::BIGINT AS customer,
    epoch_us(coalesce(min(t.first_at), min(a.said_at))) AS since,
    bool_and({passes}) AS passes
FROM customer_attributes AS a
LEFT JOIN (
    SELECT i.customer_id, t.name, t.value, t.first_at FROM traits AS t JOIN identities AS i USING (identity_key)
) AS t ON t.customer_id = a.customer_id AND t.name = a.name AND t.value = a.value::VARCHAR
WHERE a.project = {project} AND a.name = {attribute} AND a.customer_id IN (SELECT customer_id FROM tag_customers)
GROUP BY a.customer_id
ORDER BY customer
