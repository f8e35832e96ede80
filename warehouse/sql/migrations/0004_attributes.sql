-- replays: Append-only: one row per event that a replay moved: refused once, judged again under rules that were mended.
CREATE TABLE replays (
    load_seq BIGINT, -- load_seq of the row it became in events, duplicates or rejected
    segment_id VARCHAR, -- journal segment that carried it; with record and index the event's place in landing
    record INTEGER, -- number of the request within the segment
    index INTEGER, -- number of the event within its request
    verdict VARCHAR, -- as judged again: ok or warning; rejected or filtered only where its request moved as a whole
    key_no INTEGER, -- number of the write key in the registry
    received_at TIMESTAMPTZ, -- when the collector received the request
    replayed_at TIMESTAMPTZ, -- when it was judged again
    uncounted BOOLEAN -- it stood in a body that could not be read and was counted as one event; this one came on top
);

-- rejected: rows of a request that moved as a whole.
ALTER TABLE rejected ADD COLUMN replayed_at TIMESTAMPTZ; -- when it was judged again with its request and refused once more; null as the door judged it

-- traits: One row per value of a trait that an id was given, by one library with one key; what attributes are resolved from.
CREATE TABLE traits (
    project VARCHAR, -- project of the events
    identity_key BIGINT, -- key of the user in the event, else of its device; join it to identities for the customer
    name VARCHAR, -- name of the trait
    value VARCHAR, -- the value as JSON text
    via VARCHAR, -- identify: in its traits; context: in context.traits of any event
    library VARCHAR, -- SDK that sent it
    dialect VARCHAR, -- protocol the SDK spoke
    key_id VARCHAR, -- id of the write key
    said BIGINT, -- number of identify events that said so; of context 1
    first_at TIMESTAMPTZ, -- timestamp of the first event that said so; of context by whole hours
    first_load_seq BIGINT, -- load_seq of that event; equal times are ordered by it
    first_message_id VARCHAR, -- message id of that event
    last_at TIMESTAMPTZ, -- timestamp of the last event that said so; of context by whole hours
    last_load_seq BIGINT, -- load_seq of that event
    last_message_id VARCHAR -- message id of that event
);

-- customer_attributes: One row per attribute of a customer: what is known, by which rule, and from where.
CREATE TABLE customer_attributes (
    project VARCHAR, -- project of the customer
    customer_id VARCHAR, -- c_... the customer
    name VARCHAR, -- name of the attribute: that of the trait
    value JSON, -- the value as sent; never empty or unknown
    rule VARCHAR, -- how it was chosen: latest, first, most_frequent or sources
    source VARCHAR, -- library that sent it, else its protocol
    said_at TIMESTAMPTZ, -- timestamp of the event that said so; of context.traits by whole hours
    message_id VARCHAR, -- message id of that event
    load_seq BIGINT, -- load_seq of that event
    values_seen BIGINT, -- number of different values that were ever said of this customer
    contradictory BOOLEAN -- true: a lasting attribute, such as a birthday, for which different values were said
);
