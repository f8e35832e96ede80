-- followers: the other ids of the customers that were merged away in this run.
CREATE OR REPLACE TEMP TABLE followers AS
SELECT rowid AS handle, *
FROM lake.main.identities
WHERE customer_id IN (SELECT old_customer_id FROM renamed)
    AND identity_key NOT IN (SELECT identity_key FROM known)
