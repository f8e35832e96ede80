-- replace: puts the ids of a range of customers in. The lake sorts them by customer.
INSERT INTO lake.main.identities SELECT * FROM identity_rows WHERE {among}
