-- moved_ids: whether they belong to another customer now.
CREATE OR REPLACE TEMP TABLE moved_ids AS
SELECT identity_key, b.customer_id AS old_customer_id, n.customer_id, b.customer_id IS DISTINCT FROM n.customer_id AS moved
FROM ids_before AS b
FULL JOIN (SELECT * FROM identity_rows WHERE identity_key IN (SELECT identity_key FROM closure)) AS n USING (identity_key)
