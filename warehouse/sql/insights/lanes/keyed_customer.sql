-- keyed_customer: a number for each customer, by each of their ids
WITH owned AS MATERIALIZED (
    SELECT identity_key, hash(customer_id) AS customer
    FROM identities
    WHERE project = {project}
),
numbers AS (
    SELECT customer, row_number() OVER () - 1 AS number
    FROM (SELECT DISTINCT customer FROM owned)
)
SELECT identity_key, number::INTEGER AS number
FROM owned
JOIN numbers USING (customer)
