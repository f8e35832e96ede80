-- holdings: the ids of some customers, of which kinds and first named on which day.
CREATE OR REPLACE TEMP TABLE holdings AS
SELECT
    ('0x' || substr(customer_id, 3))::BIGINT AS label, identity_key, coalesce(code, -1) AS code, first_load_seq,
    epoch_us(first_day::TIMESTAMP) // 86400000000 AS day, {value_key} AS value_key
FROM lake.main.identities AS i
LEFT JOIN (VALUES {kinds}) AS kinds(kind, code, priority, account) ON kinds.kind = {kind}
WHERE customer_id IN (
    SELECT unnest(['c_', 'a_']) || format('{{:016x}}', label) FROM asked_labels
)
