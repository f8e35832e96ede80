-- ids_device: each id, which stands for itself
SELECT identity_key, identity_key AS owner
FROM identities
WHERE project = {project}
