-- only_pairs: of the pairs only those of ids of closure.
DELETE FROM pairs WHERE left_key NOT IN (SELECT identity_key FROM closure)
