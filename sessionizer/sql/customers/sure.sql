-- customer_rows: the rows as they should be, without the doubtful ones.
CREATE OR REPLACE TEMP TABLE customer_rows AS
SELECT * EXCLUDE (doubtful) FROM customers_after WHERE NOT doubtful
