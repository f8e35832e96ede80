-- people: the customer of an event; of a session in which another one than the device's own is signed in, theirs
LEFT JOIN (
    SELECT e.load_seq, s.identity_key
    FROM events AS e
    JOIN (
        SELECT s.subject_key, s.identity_key, s.started_at, s.first_message_id, s.ended_at, s.last_message_id
        FROM sessions AS s
        JOIN identities AS theirs ON theirs.identity_key = s.identity_key
        JOIN identities AS own ON own.identity_key = s.subject_key
        WHERE s.project = {project}
            AND s.ended_at >= make_timestamptz({since})
            AND s.started_at < make_timestamptz({until})
            AND theirs.customer_id <> own.customer_id
    ) AS s
        ON s.subject_key = e.subject_key
        AND (e.timestamp, e.message_id) BETWEEN (s.started_at, s.first_message_id) AND (s.ended_at, s.last_message_id)
    WHERE e.project = {project}
        AND e.timestamp >= make_timestamptz({since})
        AND e.timestamp < make_timestamptz({until})
        AND e.load_seq <= {seq}
) AS foreigner ON foreigner.load_seq = e.load_seq
LEFT JOIN (
    SELECT i.identity_key, hash(i.customer_id) AS customer, c.* EXCLUDE (project), {shown}
    FROM identities AS i
    JOIN customers AS c ON c.customer_id = i.customer_id AND c.project = i.project
    {attributes}
    WHERE i.project = {project}
) AS p ON p.identity_key = coalesce(foreigner.identity_key, e.subject_key)
