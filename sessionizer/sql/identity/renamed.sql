-- renamed: customers that were merged into an older one in this run.
CREATE OR REPLACE TEMP TABLE renamed AS
SELECT
    prefix || format('{{:016x}}', label) AS old_customer_id, prefix || format('{{:016x}}', survivor) AS customer_id, label
FROM moves
WHERE NOT is_new
