-- touched_customers: the customers of closure, before and after.
CREATE OR REPLACE TEMP TABLE touched_customers AS
SELECT old_customer_id AS customer_id FROM moved_ids WHERE old_customer_id IS NOT NULL
UNION
SELECT customer_id FROM moved_ids WHERE customer_id IS NOT NULL
{also}
