-- placed: the number of an event's owner; less than 0 on a device of several people, where time decides
LEFT JOIN (
    SELECT k.identity_key, coalesce(-1 - s.place, k.number)::INTEGER AS number
    FROM keyed AS k
    LEFT JOIN shared AS s ON s.subject_key = k.identity_key
) AS placed ON placed.identity_key = e.subject_key
