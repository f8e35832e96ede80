-- also_before: and the rows of those that are counted anew.
INSERT INTO customers_before
SELECT rowid, *
FROM lake.main.customers
WHERE customer_id IN (SELECT customer_id FROM recount)
    AND customer_id NOT IN (SELECT customer_id FROM customers_before)
