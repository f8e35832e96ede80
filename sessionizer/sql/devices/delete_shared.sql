-- delete_shared: takes out the rows of these.
DELETE FROM lake.main.identities WHERE rowid IN (SELECT handle FROM shared_known)
