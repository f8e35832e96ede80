-- insert_shared: puts in what is true now.
INSERT INTO lake.main.identities SELECT * FROM shared_ids ORDER BY identity_key
