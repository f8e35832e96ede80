-- known: the rows of these ids as they are now.
CREATE OR REPLACE TEMP TABLE known AS
SELECT rowid AS handle, * FROM lake.main.identities WHERE identity_key IN (SELECT identity_key FROM asked)
