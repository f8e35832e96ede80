-- only_said: of the ids that these events name only those of closure.
DELETE FROM said WHERE identity_key NOT IN (SELECT identity_key FROM closure)
