-- insert: puts the new rows in.
INSERT INTO lake.main.customers SELECT * FROM changed_customers ORDER BY customer_id
