-- redirect: the customer of a device that is no longer shared leads to the device's.
INSERT INTO lake.main.customer_redirects
SELECT k.customer_id, i.customer_id, {until}
FROM shared_known AS k
JOIN lake.main.identities AS i
    ON i.identity_key = identity_key(k.project, 'anonymous_id', k.value)
WHERE k.identity_key NOT IN (SELECT identity_key FROM shared_ids)
ORDER BY ALL
