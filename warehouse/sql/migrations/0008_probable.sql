-- probable_edges: One row per two customers that are likely one person though no event says so. It changes nothing in identities.
CREATE TABLE probable_edges (
    project VARCHAR, -- project of both customers
    left_key BIGINT, -- identity_key of the oldest id of one customer as it was when they were compared
    right_key BIGINT, -- the same of the other one
    left_customer VARCHAR, -- c_... the customer to whom left_key belongs now
    right_customer VARCHAR, -- c_... the customer to whom right_key belongs now
    confidence DOUBLE, -- probability, 0 to 1, that they are one person, by the model
    weight DOUBLE, -- evidence in bits: each one more doubles the odds
    agreed JSON, -- field to how well it agrees: same, close, one typo, different, ...; null where one of them does not tell
    model VARCHAR, -- m_... the model, in probable_models
    decided_at BIGINT, -- load_seq up to which events had been seen when they were compared
    state VARCHAR, -- joined or blocked
    rule VARCHAR -- why it is blocked: below_threshold, unique_..., limit_...; of a joined one certain where events join them by now
);

-- probable_customers: One row per customer that is probably the same as another one, with the oldest of them.
CREATE TABLE probable_customers (
    project VARCHAR, -- project of the customers
    customer_id VARCHAR, -- c_... the customer
    probable_customer_id VARCHAR, -- c_... the oldest of the customers that are probably one person
    confidence DOUBLE, -- of the weakest edge on the surest path between the two; 1 for the oldest itself
    profile_confidence DOUBLE -- of the weakest edge that holds all of them together
);

-- probable_models: One row per project: the model by which its customers were compared.
CREATE TABLE probable_models (
    project VARCHAR, -- the project
    model VARCHAR, -- m_... equal models, equal names
    decided_at BIGINT, -- load_seq up to which events had been seen
    records BIGINT, -- customers that were compared
    matches BIGINT, -- pairs that are one person for certain, from which it learned
    settings JSON -- its fields, levels and probabilities, in Splink's words
);
