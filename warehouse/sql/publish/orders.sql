-- orders: imported orders, each as its newest row says.
SELECT
    e.project,
    coalesce(e.context ->> '$.import.source', '') AS source_system,
    e.extra ->> '$.import.id' AS order_id,
    i.customer_id,
    try_cast(coalesce(e.properties ->> '$.total', e.properties ->> '$.amount') AS DOUBLE) AS total,
    e.properties ->> '$.currency' AS currency,
    e.properties ->> '$.status' AS status,
    try_cast(e.properties ->> '$.ordered_at' AS TIMESTAMPTZ) AS ordered_at,
    e.timestamp AS updated_at
FROM lake.events AS e {at}
LEFT JOIN lake.identities AS i {at} ON e.subject_key = i.identity_key
WHERE e.library_name = 'sojourn-import'
    AND e.type = 'track'
    AND (e.context ->> '$.import.kind') = 'orders'
    AND (e.extra ->> '$.import.id') IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY e.project, e.context ->> '$.import.source', e.extra ->> '$.import.id'
    ORDER BY e.timestamp DESC, e.load_seq DESC
) = 1
