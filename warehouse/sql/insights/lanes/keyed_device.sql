-- keyed_device: a number for each id
SELECT identity_key, (row_number() OVER () - 1)::INTEGER AS number
FROM identities
WHERE project = {project}
