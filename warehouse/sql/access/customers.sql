-- customers: those in scope; `conditions` are on their attributes
SELECT c.project, c.customer_id
FROM lake.customers AS c
WHERE TRUE {conditions}
