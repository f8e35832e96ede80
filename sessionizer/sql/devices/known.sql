-- shared_known: what is known of these as shared devices.
CREATE OR REPLACE TEMP TABLE shared_known AS
SELECT i.rowid AS handle, i.*
FROM lake.main.identities AS i
WHERE i.kind = 'shared_device'
    AND i.identity_key IN (
        SELECT owner_key FROM lake.main.identity_intervals
        WHERE rule = 'nobody' AND identity_key IN (SELECT identity_key FROM devices_asked)
    )
