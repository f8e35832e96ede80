-- wider: the ids of closure, of their customers, and those at the other ends of their edges. Ids of accounts lead nowhere.
CREATE OR REPLACE TEMP TABLE closure AS
WITH own AS (
    SELECT identity_key FROM closure
    UNION
    SELECT identity_key
    FROM lake.main.identities
    WHERE customer_id IN (
        SELECT customer_id FROM lake.main.identities
        WHERE identity_key IN (SELECT identity_key FROM closure) AND starts_with(customer_id, 'c_')
    )
),
pairs AS (
    SELECT left_key, right_key FROM lake.main.identity_edges WHERE state <> 'member'
    {decided}
)
(
    SELECT identity_key FROM own
    UNION
    SELECT right_key FROM pairs WHERE left_key IN (SELECT identity_key FROM own)
    UNION
    SELECT left_key FROM pairs WHERE right_key IN (SELECT identity_key FROM own)
)
EXCEPT
SELECT identity_key FROM lake.main.identities WHERE starts_with(customer_id, 'a_')
