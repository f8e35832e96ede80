-- identity_rows: what is true of every id of this run. The oldest id of a customer was first seen; any other came by
-- the evidence of the first edge that joined it to something.
CREATE OR REPLACE TEMP TABLE identity_rows AS
WITH ends AS (
    SELECT left_key AS identity_key, evidence, load_seq FROM joins
    UNION ALL
    SELECT right_key, evidence, load_seq FROM joins
),
reasons AS (
    SELECT identity_key, arg_min(evidence, row(load_seq, evidence)) AS reason FROM ends GROUP BY identity_key
)
SELECT
    project,
    identity_key,
    kind,
    value,
    CASE WHEN kind IN ({accounts}) THEN 'a_' ELSE 'c_' END || format('{{:016x}}', coalesce(survivor, label)) AS customer_id,
    first_load_seq,
    first_seen,
    last_seen,
    CASE
        WHEN coalesce(survivor, label) = identity_key THEN 'first_seen'
        ELSE coalesce(nullif(evidence, 'first_seen'), reason)
    END AS evidence,
    first_day
FROM members
LEFT JOIN moves USING (label)
LEFT JOIN reasons USING (identity_key)
