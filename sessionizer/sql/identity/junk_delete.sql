-- junk_delete: takes out the old counts.
DELETE FROM lake.main.junk_ids WHERE rowid IN (SELECT handle FROM junk_known)
