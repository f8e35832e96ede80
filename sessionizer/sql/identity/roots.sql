-- roots: the customers that these pairs touch, by the key of their oldest id. What is null is not known yet.
WITH labels AS (
    SELECT left_label AS label FROM candidates WHERE NOT is_member
    UNION
    SELECT right_label FROM candidates WHERE NOT is_member
)
SELECT
    label, coalesce(m.is_new, false) AS is_new, coalesce(m.first_load_seq, -1) AS first_load_seq,
    CASE WHEN m.is_new THEN kinds.code ELSE -1 END AS code,
    coalesce(epoch_us(m.first_day::TIMESTAMP) // 86400000000, 0) AS day,
    CASE WHEN m.is_new THEN 1 ELSE coalesce(c.ids, -1) END AS ids,
    coalesce(c.user_ids, 0) AS user_ids, coalesce(c.devices, 0) AS devices, coalesce(m.value_key, label) AS value_key
FROM labels
LEFT JOIN (
    SELECT identity_key AS label, is_new, first_load_seq, first_day, {kind} AS kind, {value_key} AS value_key FROM members
) AS m USING (label)
LEFT JOIN (VALUES {kinds}) AS kinds(kind, code, priority, account) USING (kind)
LEFT JOIN (
    SELECT ('0x' || substr(customer_id, 3))::BIGINT AS label, ids, user_ids, devices FROM customers_before
) AS c USING (label)
ORDER BY label
