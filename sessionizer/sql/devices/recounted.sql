-- recount: customers whose sessions came or went that way; they are counted anew.
CREATE OR REPLACE TEMP TABLE recount AS
SELECT customer_id FROM lake.main.identities
WHERE identity_key IN (SELECT unnest([old_key, new_key]) FROM repointed)
    OR identity_key IN (SELECT identity_key FROM shared_ids)
UNION
SELECT customer_id FROM shared_known
