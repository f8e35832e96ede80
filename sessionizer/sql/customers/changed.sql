-- changed_customers: of these, the rows that differ from what the lake has.
CREATE OR REPLACE TEMP TABLE changed_customers AS
SELECT * FROM customer_rows EXCEPT SELECT * EXCLUDE (handle) FROM customers_before
