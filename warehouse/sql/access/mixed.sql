-- mixed: devices on which somebody else was signed in than the device's own customer, where either is in scope
SELECT DISTINCT s.subject_key
FROM lake.sessions AS s
JOIN lake.identities AS theirs ON theirs.identity_key = s.identity_key
LEFT JOIN lake.identities AS own ON own.identity_key = s.subject_key
WHERE s.identity_key <> s.subject_key
    AND own.customer_id IS DISTINCT FROM theirs.customer_id
    AND (
        theirs.customer_id IN (SELECT customer_id FROM temp.scope_customers)
        OR own.customer_id IN (SELECT customer_id FROM temp.scope_customers)
    )
