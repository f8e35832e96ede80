-- attributes_before: the attributes of these customers as they are now, and of those that were merged away.
CREATE OR REPLACE TEMP TABLE attributes_before AS
SELECT rowid AS handle, *
FROM lake.main.customer_attributes
WHERE customer_id IN (
    SELECT customer_id FROM touched_customers
    UNION
    SELECT old_customer_id FROM renamed
)
