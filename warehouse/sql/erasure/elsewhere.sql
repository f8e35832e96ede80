-- elsewhere: values of some ids that are also ids of somebody else, in another project or of another kind.
-- Parameters: values, identity keys of the person.
SELECT DISTINCT value
FROM identities
WHERE value IN (SELECT unnest(?::VARCHAR[])) AND identity_key NOT IN (SELECT unnest(?::BIGINT[]))
ORDER BY value
