-- known: the ids of this value, of the kind and project where they are given. Who is nobody on a shared device is meant only by its kind.
SELECT project, kind, value, identity_key, customer_id
FROM identities
WHERE
    value = $value
    AND project = coalesce($project, project)
    AND kind = coalesce($kind, kind)
    AND (kind <> 'shared_device' OR $kind IS NOT NULL)
ORDER BY project, kind
