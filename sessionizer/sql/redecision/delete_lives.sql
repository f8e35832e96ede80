-- delete_lives: takes out the lives of the ids of closure.
DELETE FROM lake.main.identity_lives
WHERE identity_key IN (SELECT identity_key FROM closure) OR first_key IN (SELECT identity_key FROM closure)
