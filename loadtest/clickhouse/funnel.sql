-- funnel: how far everybody came within 7 days
SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3), countIf(level >= 4)
FROM (
    SELECT
        owner,
        windowFunnel(604800000000)(
            moment,
            type = 'page',
            type = 'track' AND event = 'Product Viewed',
            type = 'identify',
            type = 'track' AND event = 'Order Completed'
        ) AS level
    FROM ({owned}
        WHERE e.moment >= {since}
            AND (e.type IN ('page', 'identify') OR (e.type = 'track' AND e.event IN ('Product Viewed', 'Order Completed')))
    )
    GROUP BY owner
)
