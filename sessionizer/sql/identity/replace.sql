-- replace: puts all identities in. The lake sorts them by customer.
INSERT INTO lake.main.identities SELECT * FROM identity_rows
