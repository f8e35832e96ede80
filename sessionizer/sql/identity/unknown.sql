-- known: nothing, for a rebuild.
CREATE OR REPLACE TEMP TABLE known AS SELECT rowid AS handle, * FROM lake.main.identities LIMIT 0
