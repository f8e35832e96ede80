-- visited: sessions with the unit they belong to, whose their events are
SELECT
    {columns}
FROM sessions AS v
LEFT JOIN (SELECT identity_key, customer_id FROM identities WHERE project = {project}) AS own
    ON own.identity_key = v.subject_key
LEFT JOIN (SELECT identity_key, customer_id FROM identities WHERE project = {project}) AS theirs
    ON theirs.identity_key = v.identity_key
WHERE v.project = {project}
    AND v.session_day BETWEEN DATE '{first_day}' AND DATE '{last_day}'
    AND v.started_at >= make_timestamptz({since})
    AND v.started_at < make_timestamptz({until})
    AND {having}
