-- delete: takes the old rows out.
DELETE FROM lake.main.identities
WHERE rowid IN (SELECT handle FROM known JOIN changed_ids USING (identity_key))
