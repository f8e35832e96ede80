-- renamed: customers whose id a rebuild does not give again, and where the id after which they were named is now.
CREATE OR REPLACE TEMP TABLE renamed AS
SELECT c.customer_id AS old_customer_id, i.customer_id, i.identity_key AS label
FROM lake.main.customers AS c
JOIN identity_rows AS i ON i.identity_key = ('0x' || substr(c.customer_id, 3))::BIGINT
WHERE i.customer_id <> c.customer_id
