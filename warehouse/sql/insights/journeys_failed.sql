-- journeys_failed: the visits of each unit that no conversion followed within the look-back
UNION ALL
SELECT
    -dense_rank() OVER (ORDER BY v.owner), NULL, NULL, v.moment, NULL, NULL, v.touch, v.direct, -v.moment, v.tie,
    NULL, NULL
FROM visits AS v
WHERE v.moment >= {since}
    AND NOT EXISTS (
        FROM conversions AS c
        WHERE c.owner = v.owner AND c.moment BETWEEN v.moment AND v.moment + {lookback}
    )
