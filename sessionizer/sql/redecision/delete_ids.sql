-- delete_ids: takes out the ids of closure.
DELETE FROM lake.main.identities WHERE rowid IN (SELECT handle FROM ids_before)
