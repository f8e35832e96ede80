-- touched: whether this run merged a customer of a probable edge, or gave it another id.
WITH moved AS (
    SELECT c.customer_id FROM changed_ids AS c
    LEFT JOIN known AS k USING (identity_key)
    WHERE k.customer_id IS DISTINCT FROM c.customer_id
    UNION ALL
    SELECT old_customer_id FROM renamed
)
SELECT EXISTS (
    SELECT 1 FROM lake.main.probable_edges
    WHERE left_customer IN (SELECT customer_id FROM moved) OR right_customer IN (SELECT customer_id FROM moved)
)
