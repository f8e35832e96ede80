-- known_traits: what is known of the ids that were spoken of.
CREATE OR REPLACE TEMP TABLE known_traits AS
SELECT rowid AS handle, * FROM lake.main.traits WHERE identity_key IN (SELECT identity_key FROM heard)
