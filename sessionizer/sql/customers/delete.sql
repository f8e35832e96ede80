-- delete: takes out what changed, and what was merged away or is nobody any more.
DELETE FROM lake.main.customers
WHERE rowid IN (
    SELECT handle FROM customers_before
    WHERE customer_id IN (SELECT customer_id FROM changed_customers)
        OR customer_id NOT IN (SELECT customer_id FROM customer_rows)
)
