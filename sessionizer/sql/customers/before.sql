-- customers_before: the rows of every customer that this run touched, as they are now.
CREATE OR REPLACE TEMP TABLE customers_before AS
SELECT rowid AS handle, *
FROM lake.main.customers
WHERE customer_id IN (
    SELECT customer_id FROM identity_rows
    UNION
    SELECT old_customer_id FROM renamed
)
