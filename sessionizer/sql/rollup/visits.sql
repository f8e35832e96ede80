-- foreign_visits: of the visits that a run made, those on a device of somebody else's customer.
CREATE OR REPLACE TEMP TABLE foreign_visits AS
SELECT b.subject_key, b.identity_key, b.started_at, b.first_message_id, b.ended_at, b.last_message_id
FROM born AS b
JOIN visit_owners AS theirs ON theirs.identity_key = b.identity_key
JOIN visit_owners AS own ON own.identity_key = b.subject_key
WHERE b.identity_key <> b.subject_key AND theirs.customer_id <> own.customer_id
