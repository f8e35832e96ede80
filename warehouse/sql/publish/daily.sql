-- daily: how often each event happened on each day, and to how many customers.
SELECT
    e.project,
    e.day,
    e.type,
    coalesce(e.event, '') AS event,
    sum(e.events)::BIGINT AS events,
    count(DISTINCT i.customer_id) AS customers
FROM lake.daily AS e {at}
LEFT JOIN lake.identities AS i {at} ON e.visitor_key = i.identity_key
GROUP BY 1, 2, 3, 4
