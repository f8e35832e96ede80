-- replace: puts all identities in.
INSERT INTO lake.main.identities SELECT * FROM identity_rows ORDER BY identity_key
