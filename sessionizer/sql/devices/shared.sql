-- shared_ids: a customer of its own for what is nobody's on each of them. Its device is known, the people are not.
CREATE OR REPLACE TEMP TABLE shared_ids AS
SELECT
    c.project, i.owner_key AS identity_key, 'shared_device' AS kind, c.value,
    'c_' || format('{{:016x}}', i.owner_key) AS customer_id, c.load_seq AS first_load_seq, i.valid_from AS first_seen,
    date_trunc('hour', i.valid_from) AS last_seen, 'first_seen' AS evidence, NULL::DATE AS first_day
FROM contested AS c
JOIN device_intervals AS i USING (identity_key)
WHERE i.rule = 'nobody'
