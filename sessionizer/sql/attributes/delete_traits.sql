-- delete_traits: takes out the rows that changed.
DELETE FROM lake.main.traits
WHERE rowid IN (
    SELECT handle
    FROM known_traits JOIN changed_traits USING (identity_key, name, value, via, library, dialect, key_id)
)
