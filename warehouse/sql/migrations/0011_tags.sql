-- tags: One row per tag in use: its rule, by which tag_members was made.
CREATE TABLE tags (
    project VARCHAR, -- project of the tag
    tag VARCHAR, -- name of the tag
    version BIGINT, -- version of its rule, from 1; `sojourn tags history` tells them all
    description VARCHAR, -- what it says of a customer
    rule JSON, -- the rule as it was published
    evaluated_at TIMESTAMPTZ -- when all customers were evaluated by it; since then those who did something
);

-- tag_members: One row per stay of a customer in a tag. It follows from events and identities alone, also what lies ahead: a stay that begins or ends later than now will, unless something happens before.
CREATE TABLE tag_members (
    project VARCHAR, -- project of the customer
    tag VARCHAR, -- name of the tag
    customer_id VARCHAR, -- c_... the customer
    version BIGINT, -- version of the rule
    entered_at TIMESTAMPTZ, -- from this moment on the rule holds
    left_at TIMESTAMPTZ, -- from this moment on it does not; null where no passing of time ends it
    evidence JSON, -- message ids of the events by which it came to hold, the oldest first
    evaluated_at TIMESTAMPTZ -- when the row was made
);
ALTER TABLE tag_members SET SORTED BY (customer_id ASC, tag ASC);

-- tag_queue: One row per customer who did something, or became somebody else, since tags were evaluated.
CREATE TABLE tag_queue (
    customer_id VARCHAR -- c_... the customer; null: everybody
);

-- cohorts: One row per cohort that was saved: who is in it stands in cohort_members.
CREATE TABLE cohorts (
    project VARCHAR, -- project of the cohort
    cohort VARCHAR, -- name of the cohort
    kind VARCHAR, -- static: as it was saved; question: its question is asked again
    description VARCHAR, -- where it comes from
    insight VARCHAR, -- insight whose answer it is; null for a list
    question JSON, -- its question; null for a list
    saved_at TIMESTAMPTZ, -- when its members were last put in
    saved_by VARCHAR -- who had it saved
);

-- cohort_members: One row per stay of a customer in a saved cohort.
CREATE TABLE cohort_members (
    project VARCHAR, -- project of the cohort
    cohort VARCHAR, -- name of the cohort
    identity_key BIGINT, -- oldest id of the customer as it was saved; join it to identities for the customer now
    entered_at TIMESTAMPTZ, -- since when the customer is in it
    left_at TIMESTAMPTZ -- until when; null: still
);
