-- insert_lives: puts in what is true now.
INSERT INTO lake.main.identity_lives
SELECT * FROM lives_now WHERE identity_key IN (SELECT identity_key FROM closure) ORDER BY first_key, life
