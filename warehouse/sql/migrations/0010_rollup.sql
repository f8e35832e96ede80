-- daily: One row per hour, event and visitor: how many events there were. What trends count from; add up rows that agree, there may be several. Without robots.
CREATE TABLE daily (
    day DATE, -- day (UTC) of the hour; ask for it to read less
    hour BIGINT, -- hours since 1970-01-01T00:00Z
    project VARCHAR, -- project of the events
    type VARCHAR, -- type of the events; *: all of them together, in rows of their own
    event VARCHAR, -- name of the events; null in rows of type *
    visitor_key BIGINT, -- identity_key of whose they are: of the device, or of somebody else's visit on it; join it to identities for the customer
    subject_key BIGINT, -- the device, where the visit was somebody else's; null where it is visitor_key
    events BIGINT -- how many
);
ALTER TABLE daily SET PARTITIONED BY (day);
ALTER TABLE daily SET SORTED BY (type ASC, event ASC, visitor_key ASC);
