-- renamed: customers that were merged into an older one in this run.
CREATE OR REPLACE TEMP TABLE renamed AS
SELECT
    'c_' || format('{{:016x}}', label) AS old_customer_id,
    'c_' || format('{{:016x}}', survivor) AS customer_id,
    label
FROM moves JOIN ages USING (label)
WHERE ages.is_new IS NOT TRUE
