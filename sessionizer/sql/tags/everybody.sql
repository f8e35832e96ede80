-- tag_customers: a slice of all customers of a project, and of those who have stays and are no more.
CREATE OR REPLACE TEMP TABLE tag_customers AS
SELECT customer_id
FROM (
    SELECT customer_id FROM lake.main.customers WHERE project = $project
    UNION
    SELECT customer_id FROM lake.main.tag_members WHERE project = $project
)
WHERE hash(customer_id) % $slices = $number
