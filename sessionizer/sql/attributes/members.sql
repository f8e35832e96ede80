-- spoken_of: all ids of these customers.
CREATE OR REPLACE TEMP TABLE spoken_of AS
SELECT identity_key, customer_id FROM lake.main.identities {among}
