-- insert_ids: puts in what they are now.
INSERT INTO lake.main.identities
SELECT * FROM identity_rows WHERE identity_key IN (SELECT identity_key FROM closure) ORDER BY identity_key
