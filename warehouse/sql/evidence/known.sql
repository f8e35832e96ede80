-- known: the ids of this value, of the kind and project where they are given.
SELECT project, kind, value, identity_key, customer_id
FROM identities
WHERE value = ? AND project = coalesce(?, project) AND kind = coalesce(?, kind)
ORDER BY project, kind
