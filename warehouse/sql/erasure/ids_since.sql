-- ids_since: ids that belong to the customers of some ids, and were first seen after a load_seq by nobody else.
-- Parameters: identity keys, load_seq.
WITH own AS (
    SELECT DISTINCT customer_id
    FROM identities
    WHERE identity_key IN (SELECT unnest(?::BIGINT[]))
)

SELECT project, kind, value
FROM identities
WHERE customer_id IN (SELECT customer_id FROM own) AND first_load_seq > ?
