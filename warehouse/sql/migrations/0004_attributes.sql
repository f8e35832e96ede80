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
