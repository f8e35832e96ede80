-- ids: the customer of each id
COPY (SELECT identity_key, customer_id FROM identities) TO '{identities}' (FORMAT parquet)
