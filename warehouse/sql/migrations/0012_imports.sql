-- orders: One row per imported order, as its newest row says; its value is that of the event Order Completed, once.
CREATE VIEW orders AS
SELECT
    e.project AS project, -- VARCHAR: project of the write key
    e.context->>'$.import.source' AS source_system, -- VARCHAR: system that the row is of
    e.extra->>'$.import.id' AS order_id, -- VARCHAR: the row's own id there
    i.customer_id AS customer_id, -- VARCHAR: c_... the customer; null: the row names nobody who is known
    try_cast(coalesce(e.properties->>'$.total', e.properties->>'$.amount') AS DOUBLE) AS total, -- DOUBLE: what it is worth now
    e.properties->>'$.currency' AS currency, -- VARCHAR: currency of total
    e.properties->>'$.status' AS status, -- VARCHAR: where it stands
    try_cast(e.properties->>'$.ordered_at' AS TIMESTAMPTZ) AS ordered_at, -- TIMESTAMPTZ: when it was made
    e."timestamp" AS updated_at, -- TIMESTAMPTZ: when this became so
    e.properties AS properties, -- JSON: everything that the row says
    e.load_seq AS load_seq -- BIGINT: event that says it
FROM lake.main.events AS e
LEFT JOIN lake.main.identities AS i ON i.identity_key = e.subject_key
WHERE e.library_name = 'sojourn-import' AND e.type = 'track' AND (e.context->>'$.import.kind') = 'orders'
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context->>'$.import.source', e.extra->>'$.import.id'
    ORDER BY e."timestamp" DESC, e.load_seq DESC
) = 1;

-- items: One row per imported item, as its newest row says: the catalogue.
CREATE VIEW items AS
SELECT
    e.project AS project, -- VARCHAR: project of the write key
    e.context->>'$.import.source' AS source_system, -- VARCHAR: system that the row is of
    e.extra->>'$.import.id' AS item_id, -- VARCHAR: the row's own id there
    i.customer_id AS customer_id, -- VARCHAR: c_... the customer; null: the row names nobody who is known
    e.properties->>'$.name' AS name, -- VARCHAR: what it is called
    e.properties->>'$.category' AS category, -- VARCHAR: its category
    try_cast(e.properties->>'$.price' AS DOUBLE) AS price, -- DOUBLE: its price
    e.properties->>'$.currency' AS currency, -- VARCHAR: currency of price
    e."timestamp" AS updated_at, -- TIMESTAMPTZ: when this became so
    e.properties AS properties, -- JSON: everything that the row says
    e.load_seq AS load_seq -- BIGINT: event that says it
FROM lake.main.events AS e
LEFT JOIN lake.main.identities AS i ON i.identity_key = e.subject_key
WHERE e.library_name = 'sojourn-import' AND e.type = 'track' AND (e.context->>'$.import.kind') = 'items'
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context->>'$.import.source', e.extra->>'$.import.id'
    ORDER BY e."timestamp" DESC, e.load_seq DESC
) = 1;

-- leads: One row per imported lead, as its newest row says; events Lead Updated hold every state that it was seen in.
CREATE VIEW leads AS
SELECT
    e.project AS project, -- VARCHAR: project of the write key
    e.context->>'$.import.source' AS source_system, -- VARCHAR: system that the row is of
    e.extra->>'$.import.id' AS lead_id, -- VARCHAR: the row's own id there
    i.customer_id AS customer_id, -- VARCHAR: c_... the customer; null: the row names nobody who is known
    e.properties->>'$.name' AS name, -- VARCHAR: what it is called
    e.properties->>'$.stage' AS stage, -- VARCHAR: where it stands
    e.properties->>'$.owner' AS owner, -- VARCHAR: whose it is: the salesperson
    try_cast(e.properties->>'$.amount' AS DOUBLE) AS amount, -- DOUBLE: what it may be worth
    e.properties->>'$.currency' AS currency, -- VARCHAR: currency of amount
    e.properties->>'$.source' AS source, -- VARCHAR: where it comes from
    try_cast(e.properties->>'$.created_at' AS TIMESTAMPTZ) AS created_at, -- TIMESTAMPTZ: when it was made
    try_cast(e.properties->>'$.stage_changed_at' AS TIMESTAMPTZ) AS stage_changed_at, -- TIMESTAMPTZ: since when it stands there, where the system tells
    try_cast(e.properties->>'$.expected_close_at' AS TIMESTAMPTZ) AS expected_close_at, -- TIMESTAMPTZ: when it should close
    try_cast(e.properties->>'$.closed_at' AS TIMESTAMPTZ) AS closed_at, -- TIMESTAMPTZ: when it was closed
    e."timestamp" AS updated_at, -- TIMESTAMPTZ: when this became so
    e.properties AS properties, -- JSON: everything that the row says
    e.load_seq AS load_seq -- BIGINT: event that says it
FROM lake.main.events AS e
LEFT JOIN lake.main.identities AS i ON i.identity_key = e.subject_key
WHERE e.library_name = 'sojourn-import' AND e.type = 'track' AND (e.context->>'$.import.kind') = 'leads'
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context->>'$.import.source', e.extra->>'$.import.id'
    ORDER BY e."timestamp" DESC, e.load_seq DESC
) = 1;

-- deals: One row per imported deal, as its newest row says; events Deal Updated hold every state that it was seen in.
CREATE VIEW deals AS
SELECT
    e.project AS project, -- VARCHAR: project of the write key
    e.context->>'$.import.source' AS source_system, -- VARCHAR: system that the row is of
    e.extra->>'$.import.id' AS deal_id, -- VARCHAR: the row's own id there
    i.customer_id AS customer_id, -- VARCHAR: c_... the customer; null: the row names nobody who is known
    e.properties->>'$.lead_id' AS lead_id, -- VARCHAR: the lead that it was made of
    try_cast(e.properties->>'$.probability' AS DOUBLE) AS probability, -- DOUBLE: how likely it is won, as the system says
    e.properties->>'$.name' AS name, -- VARCHAR: what it is called
    e.properties->>'$.stage' AS stage, -- VARCHAR: where it stands
    e.properties->>'$.owner' AS owner, -- VARCHAR: whose it is: the salesperson
    try_cast(e.properties->>'$.amount' AS DOUBLE) AS amount, -- DOUBLE: what it may be worth
    e.properties->>'$.currency' AS currency, -- VARCHAR: currency of amount
    e.properties->>'$.source' AS source, -- VARCHAR: where it comes from
    try_cast(e.properties->>'$.created_at' AS TIMESTAMPTZ) AS created_at, -- TIMESTAMPTZ: when it was made
    try_cast(e.properties->>'$.stage_changed_at' AS TIMESTAMPTZ) AS stage_changed_at, -- TIMESTAMPTZ: since when it stands there, where the system tells
    try_cast(e.properties->>'$.expected_close_at' AS TIMESTAMPTZ) AS expected_close_at, -- TIMESTAMPTZ: when it should close
    try_cast(e.properties->>'$.closed_at' AS TIMESTAMPTZ) AS closed_at, -- TIMESTAMPTZ: when it was closed
    e."timestamp" AS updated_at, -- TIMESTAMPTZ: when this became so
    e.properties AS properties, -- JSON: everything that the row says
    e.load_seq AS load_seq -- BIGINT: event that says it
FROM lake.main.events AS e
LEFT JOIN lake.main.identities AS i ON i.identity_key = e.subject_key
WHERE e.library_name = 'sojourn-import' AND e.type = 'track' AND (e.context->>'$.import.kind') = 'deals'
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context->>'$.import.source', e.extra->>'$.import.id'
    ORDER BY e."timestamp" DESC, e.load_seq DESC
) = 1;
