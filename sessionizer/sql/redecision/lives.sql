-- lives: all lives of the ids of closure, which may be others than they were.
INSERT INTO closure
SELECT identity_key
FROM lives_now
WHERE first_key IN (SELECT first_key FROM lives_now WHERE identity_key IN (SELECT identity_key FROM closure))
    AND identity_key NOT IN (SELECT identity_key FROM closure)
