-- doubtful: ids of the customers that have to be counted anew.
CREATE OR REPLACE TEMP TABLE doubtful AS
SELECT identity_key, customer_id
FROM lake.main.identities
WHERE customer_id IN (SELECT customer_id FROM customers_after WHERE doubtful {recounted})
