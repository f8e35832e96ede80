-- identities: ids of many kinds.
ALTER TABLE identities ADD COLUMN first_day DATE; -- day (UTC) on which the first event that named it was received

-- identity_edges: when it was said.
ALTER TABLE identity_edges ADD COLUMN day DATE; -- day (UTC) on which that event was received

-- customers: how many ids there are.
ALTER TABLE customers ADD COLUMN ids BIGINT; -- number of its ids of all kinds

-- junk_ids: One row per value that was sent as an id and is none: it joins nobody.
CREATE TABLE junk_ids (
    project VARCHAR, -- project of the events
    kind VARCHAR, -- kind of id that it was sent as; previous_id for that of an alias
    value VARCHAR, -- the value as sent, its first 64 letters
    rule VARCHAR, -- no_id: a word or number that means nobody; too_long; malformed: no e-mail address, no phone number, ...
    events BIGINT -- number of events that held it
);

-- identity_intervals: One row per stretch of time for which an id was somebody else's than its own: of shared devices.
CREATE TABLE identity_intervals (
    project VARCHAR, -- project of the id
    identity_key BIGINT, -- the id, as in identities
    valid_from TIMESTAMPTZ, -- from this moment on, by the time of events; null: ever since
    valid_to TIMESTAMPTZ, -- until just before this moment; null: from then on
    owner_key BIGINT, -- whose it was, where nobody was signed in: join it to identities for the customer
    rule VARCHAR -- first_user: before and at the first login; nobody: what several people use; last_user: who was last signed in
);
