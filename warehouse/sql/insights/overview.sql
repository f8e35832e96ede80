-- overview: visits of a range and of the one before, as a whole, by interval (the earlier ones moved up) and by value
WITH clock AS (
    SELECT quarter, epoch_us(({local}) AT TIME ZONE {zone}) AS local
    FROM (
        SELECT unnest AS quarter, make_timestamptz(unnest * {quarter}) AS moment
        FROM unnest(range({begin} // {quarter}, ({until} - 1) // {quarter} + 1))
    )
),
visited AS (
    SELECT
        s.started_at >= make_timestamptz({begin}) AS later,
        c.local,
        s.subject_key,
        coalesce(p.customer, s.identity_key) AS customer,
        s.pages,
        s.bounced,
        s.conversions,
        s.order_value,
        s.currency,
        s.seconds{shown}
    FROM sessions AS s
    LEFT JOIN (
        SELECT identity_key, ('0x' || substr(customer_id, 3))::UBIGINT::BIGINT AS customer
        FROM identities
        WHERE project = {project} AND evidence IS DISTINCT FROM 'first_seen'
    ) AS p ON p.identity_key = s.identity_key
    {members}
    INNER JOIN clock AS c
        ON c.quarter = (epoch_us(s.started_at) + if(s.started_at < make_timestamptz({begin}), {length}, 0)) // {quarter}
    WHERE s.project = {project}
        AND s.session_day BETWEEN {first} AND {last}
        AND s.started_at >= make_timestamptz({since})
        AND s.started_at < make_timestamptz({until})
        AND {holds}
),
main AS (SELECT {currency} AS currency),
visitors AS MATERIALIZED (SELECT DISTINCT later, local, subject_key FROM visited),
people AS MATERIALIZED (SELECT DISTINCT later, local, customer FROM visited),
who AS (
    SELECT later, local, sum(visitors)::BIGINT AS visitors, sum(customers)::BIGINT AS customers
    FROM (
        SELECT later, local, count(*) AS visitors, 0 AS customers FROM visitors GROUP BY ALL
        UNION ALL
        SELECT later, local, 0, count(*) FROM people GROUP BY ALL
        UNION ALL
        SELECT later, NULL, count(*), 0 FROM (SELECT DISTINCT later, subject_key FROM visitors) GROUP BY ALL
        UNION ALL
        SELECT later, NULL, 0, count(*) FROM (SELECT DISTINCT later, customer FROM people) GROUP BY ALL
    )
    GROUP BY ALL
),
summed AS (
    SELECT later, if(grouping(local) = 0, local, NULL) AS begins, count(*) AS visits, {sums}
    FROM visited
    GROUP BY GROUPING SETS ((later), (later, local))
),
counted AS (
    SELECT
        s.later,
        if(s.begins IS NULL, 0, 1) AS which,
        s.begins,
        NULL AS value,
        s.visits,
        w.visitors,
        w.customers,
        s.pages,
        s.bounced,
        s.converted,
        s.revenue,
        s.seconds
    FROM summed AS s
    INNER JOIN who AS w ON w.later = s.later AND w.local IS NOT DISTINCT FROM s.begins
    {parts}
)
SELECT *, (SELECT currency FROM main)
FROM counted
QUALIFY which < 2 OR row_number() OVER (PARTITION BY which ORDER BY visits DESC, value) <= {top}
ORDER BY which, begins, visits DESC, value
