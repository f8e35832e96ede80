-- ids: the keys of some ids, by their values; of a customer's id those of its oldest id
SELECT given.value, i.identity_key
FROM (SELECT DISTINCT unnest($values::VARCHAR[]) AS value) AS given
LEFT JOIN (
    SELECT value, identity_key FROM identities WHERE project = $project AND ($kind IS NULL OR kind = $kind)
    UNION ALL
    SELECT customer_id, identity_key FROM identities
    WHERE project = $project AND $kind IS NULL AND customer_id = 'c_' || format('{{:016x}}', identity_key)
    UNION ALL
    SELECT old_customer_id, ('0x' || substr(old_customer_id, 3))::BIGINT FROM customer_redirects
    WHERE $kind IS NULL AND starts_with(old_customer_id, 'c_')
) AS i ON i.value = given.value
ORDER BY ALL
