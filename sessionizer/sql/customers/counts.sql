-- counts: how many rows are to be put in, and how many old ones say something of a customer that is no more.
SELECT
    (SELECT count(*) FROM changed_customers),
    (SELECT count(*) FROM customers_before WHERE customer_id NOT IN (SELECT customer_id FROM customer_rows))
