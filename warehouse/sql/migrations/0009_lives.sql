-- identity_lives: One row per life of an id of a kind with a time to live (`ttl`): one that was not received for longer ends, and begins again as another id.
CREATE TABLE identity_lives (
    project VARCHAR, -- project of the id
    identity_key BIGINT, -- this life, as in identities: of the kind phone, its second life of phone@2
    first_key BIGINT, -- identity_key of the first life of the id
    life INTEGER, -- 1 for the first life
    last_day DATE -- latest day (UTC) on which it was received; of a life that ended, as it was when the next one began
);
