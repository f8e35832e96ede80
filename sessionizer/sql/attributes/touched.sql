-- touched_customers: of whom something was said in this run, or who were merged.
CREATE OR REPLACE TEMP TABLE touched_customers AS
SELECT customer_id FROM identity_rows WHERE identity_key IN (SELECT identity_key FROM heard)
UNION
SELECT customer_id FROM renamed
