-- customers_before: the rows of every customer that this run touches, as they are now.
CREATE OR REPLACE TEMP TABLE customers_before AS
SELECT rowid AS handle, *
FROM lake.main.customers
WHERE customer_id IN (SELECT customer_id FROM known)
