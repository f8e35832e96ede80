-- delete: takes out the attributes that changed, went, or were of a customer who was merged away.
DELETE FROM lake.main.customer_attributes
WHERE rowid IN (
    SELECT handle FROM attributes_before
    WHERE (customer_id, name) NOT IN (SELECT (customer_id, name) FROM attribute_rows)
        OR (customer_id, name) IN (SELECT (customer_id, name) FROM changed_attributes)
)
