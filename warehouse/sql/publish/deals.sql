-- deals: imported deals, each as its newest row says.
SELECT
    e.project,
    coalesce(e.context ->> '$.import.source', '') AS source_system,
    e.extra ->> '$.import.id' AS deal_id,
    i.customer_id,
    e.properties ->> '$.lead_id' AS lead_id,
    try_cast(e.properties ->> '$.probability' AS DOUBLE) AS probability,
    {called} AS name,
    e.properties ->> '$.stage' AS stage,
    e.properties ->> '$.owner' AS owner,
    try_cast(e.properties ->> '$.amount' AS DOUBLE) AS amount,
    e.properties ->> '$.currency' AS currency,
    e.properties ->> '$.source' AS source,
    try_cast(e.properties ->> '$.created_at' AS TIMESTAMPTZ) AS created_at,
    try_cast(e.properties ->> '$.stage_changed_at' AS TIMESTAMPTZ) AS stage_changed_at,
    try_cast(e.properties ->> '$.expected_close_at' AS TIMESTAMPTZ) AS expected_close_at,
    try_cast(e.properties ->> '$.closed_at' AS TIMESTAMPTZ) AS closed_at,
    e.timestamp AS updated_at
FROM lake.events AS e {at}
LEFT JOIN lake.identities AS i {at} ON e.subject_key = i.identity_key
WHERE e.library_name = 'sojourn-import'
    AND e.type = 'track'
    AND (e.context ->> '$.import.kind') = 'deals'
    AND (e.extra ->> '$.import.id') IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context ->> '$.import.source', e.extra ->> '$.import.id'
    ORDER BY e.timestamp DESC, e.load_seq DESC
) = 1
