-- ids_before: the ids of closure as they were.
CREATE OR REPLACE TEMP TABLE ids_before AS
SELECT rowid AS handle, *
FROM lake.main.identities
WHERE identity_key IN (SELECT identity_key FROM closure) AND kind <> 'shared_device'
