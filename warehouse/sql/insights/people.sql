-- people: the customer of an event; of a session in which another one than the device's own is signed in, theirs
LEFT JOIN visiting
    ON visiting.subject_key = e.subject_key
    AND e.timestamp BETWEEN visiting.opens AND visiting.closes
LEFT JOIN edges ON edges.load_seq = e.load_seq
LEFT JOIN (
    SELECT i.identity_key, i.customer_id, hash(i.customer_id) AS customer{shown}
    FROM identities AS i
    {joined}
    WHERE i.project = {project}
) AS p ON p.identity_key = coalesce(edges.identity_key, visiting.identity_key, e.subject_key)
