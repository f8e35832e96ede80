-- tag_customers: a slice of all customers of a project
CREATE OR REPLACE TEMP TABLE tag_customers AS
SELECT customer_id
FROM customers
WHERE project = $project AND hash(customer_id) % $slices = $number
