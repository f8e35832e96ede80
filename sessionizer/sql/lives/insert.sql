-- insert: puts in what is true now.
INSERT INTO lake.main.identity_lives
SELECT * FROM lives_now EXCEPT SELECT * EXCLUDE (handle) FROM lives_known ORDER BY first_key, life
