-- sessions: One row per visit of one device and the user in effect. Partitioned by session_day.
CREATE TABLE sessions (
    session_id VARCHAR, -- s_... hash of subject_key and the first event: its time, message id and user
    project VARCHAR, -- project of its events
    subject_key BIGINT, -- the stream it was cut from: events.subject_key
    identity_key BIGINT, -- key of the user in effect, else of the device; join it to identities for the customer
    device_id VARCHAR, -- anonymous id of the device; null where its events named none
    user_id VARCHAR, -- user in effect; null while nobody was known
    started_at TIMESTAMPTZ, -- timestamp of its first event
    ended_at TIMESTAMPTZ, -- timestamp of its last event
    first_message_id VARCHAR, -- message id of its first event; equal times are ordered by message id
    last_message_id VARCHAR, -- message id of its last event
    events BIGINT, -- number of its events
    pages BIGINT, -- number of its page and screen events
    entry_page VARCHAR, -- path of its first page
    exit_page VARCHAR, -- path of its last page
    campaign_source VARCHAR, -- campaign of its first event that had one
    campaign_medium VARCHAR, -- campaign of its first event that had one
    campaign_name VARCHAR, -- campaign of its first event that had one
    referrer VARCHAR, -- referrer of its first page
    session_day DATE -- day of started_at, UTC; ask for it to read less
);
ALTER TABLE sessions SET PARTITIONED BY (session_day);

-- session_aliases: Append-only: a session id that was once given, and the session it became part of.
CREATE TABLE session_aliases (
    old_session_id VARCHAR, -- id that is no longer in sessions
    session_id VARCHAR, -- id it became; follow the newest row until an id is in sessions
    at_load_seq BIGINT -- the load_seq up to which events had been seen
);

-- identity_edges: One row per pair of ids that some event joined, with the evidence, used or blocked.
CREATE TABLE identity_edges (
    project VARCHAR, -- project of the event
    left_key BIGINT, -- identity_key of the left id
    left_kind VARCHAR, -- anonymous_id or user_id
    left_value VARCHAR, -- the left id
    right_key BIGINT, -- identity_key of the right id
    right_kind VARCHAR, -- anonymous_id or user_id
    right_value VARCHAR, -- the right id
    evidence VARCHAR, -- same_event, identify or alias
    message_id VARCHAR, -- event that first said so
    load_seq BIGINT, -- load_seq of that event
    state VARCHAR, -- joined or blocked
    rule VARCHAR -- why it is blocked
);

-- identities: One row per id that was ever seen, with the customer it belongs to.
CREATE TABLE identities (
    project VARCHAR, -- project of the id
    identity_key BIGINT, -- 63-bit key of (project, kind, value)
    kind VARCHAR, -- anonymous_id or user_id
    value VARCHAR, -- the id as sent
    customer_id VARCHAR, -- c_... the customer it belongs to now
    first_load_seq BIGINT, -- load_seq of the first event that named it
    first_seen TIMESTAMPTZ, -- earliest timestamp of its events
    last_seen TIMESTAMPTZ, -- start of the hour (UTC) of its latest event; of a customer it is exact
    evidence VARCHAR -- first_seen, or what joined it to its customer: same_event, identify or alias
);

-- customer_redirects: Append-only: a customer id that was merged away, and the customer it became.
CREATE TABLE customer_redirects (
    old_customer_id VARCHAR, -- id that is no longer in customers
    customer_id VARCHAR, -- id it became; follow the newest row until an id is in customers
    at_load_seq BIGINT -- the load_seq up to which events had been seen
);

-- customers: One row per customer: the ids that belong together.
CREATE TABLE customers (
    project VARCHAR, -- project of its ids
    customer_id VARCHAR, -- c_... stable; a merged-away one is in customer_redirects
    first_seen TIMESTAMPTZ, -- earliest timestamp of its events
    last_seen TIMESTAMPTZ, -- latest timestamp of its events
    devices BIGINT, -- number of its anonymous ids
    user_ids BIGINT, -- number of its user ids
    sessions BIGINT, -- number of its sessions
    events BIGINT -- number of its events
);
