-- customers: one row per customer.
SELECT
    e.customer_id,
    e.project,
    e.first_seen,
    e.last_seen,
    e.devices,
    e.user_ids,
    e.ids,
    e.sessions,
    e.events
FROM lake.customers AS e {at}
