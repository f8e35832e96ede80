-- ids_of: the ids of a customer, and which of them somebody else was seen with.
-- Parameters: customer id.
WITH own AS (
    SELECT project, kind, value, identity_key FROM identities WHERE customer_id = ?
),

others AS (
    SELECT project, left_key AS identity_key
    FROM identity_edges
    WHERE
        left_key IN (SELECT identity_key FROM own)
        AND right_key NOT IN (SELECT identity_key FROM own)
)

SELECT
    project,
    kind,
    value,
    identity_key IN (SELECT identity_key FROM others) AS shared
FROM own
ORDER BY ALL
