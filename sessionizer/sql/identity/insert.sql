-- insert: puts the new rows in.
INSERT INTO lake.main.identities SELECT * FROM changed_ids ORDER BY identity_key
