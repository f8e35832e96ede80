-- known_ids: identities by key.
-- Parameters: keys.
SELECT *
FROM identities
WHERE identity_key IN (SELECT unnest(?::BIGINT[]))
ORDER BY first_load_seq, identity_key
