-- identities: one row per id, with the customer it belongs to.
SELECT
    e.identity_key,
    e.project,
    e.kind,
    {value},
    e.customer_id,
    e.evidence,
    e.first_seen,
    e.last_seen
FROM lake.identities AS e {at}
