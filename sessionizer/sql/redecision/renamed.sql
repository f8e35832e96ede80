-- renamed: customers that are no more, and where the id after which they were named is now.
CREATE OR REPLACE TEMP TABLE renamed AS
SELECT m.old_customer_id, m.customer_id, m.identity_key AS label
FROM moved_ids AS m
WHERE m.moved AND m.customer_id IS NOT NULL AND m.old_customer_id = 'c_' || format('{{:016x}}', m.identity_key)
    AND m.old_customer_id NOT IN (SELECT customer_id FROM moved_ids WHERE customer_id IS NOT NULL)
