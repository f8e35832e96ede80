-- foreign_visits: visits on a device in which somebody else is signed in than its own customer.
CREATE OR REPLACE TEMP TABLE foreign_visits AS
SELECT s.subject_key, s.identity_key, s.started_at, s.first_message_id, s.ended_at, s.last_message_id
FROM {visits} AS s
JOIN lake.main.identities AS theirs ON theirs.identity_key = s.identity_key
JOIN lake.main.identities AS own ON own.identity_key = s.subject_key
WHERE s.identity_key <> s.subject_key
    AND theirs.customer_id <> own.customer_id
    AND {among}
