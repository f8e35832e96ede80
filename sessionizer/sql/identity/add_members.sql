-- add_members: and they follow their customer.
INSERT INTO members
SELECT
    project, identity_key, kind, value, ('0x' || substr(customer_id, 3))::BIGINT,
    first_load_seq, first_seen, last_seen, evidence, false, first_day
FROM followers
