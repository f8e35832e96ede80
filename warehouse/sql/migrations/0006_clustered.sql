-- What is asked for by customer lies together: DuckLake sorts what is inserted and what upkeep writes anew by these columns.
ALTER TABLE events SET SORTED BY (subject_key ASC, timestamp ASC);
ALTER TABLE sessions SET SORTED BY (identity_key ASC, started_at ASC);
ALTER TABLE identities SET SORTED BY (customer_id ASC, identity_key ASC);
ALTER TABLE customers SET SORTED BY (customer_id ASC);
ALTER TABLE customer_attributes SET SORTED BY (customer_id ASC, name ASC);
