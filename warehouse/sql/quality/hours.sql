-- hours: hours with far more events than the same hour of the days before, with what those days had.
-- Parameters: first day read, since (first day told of), until (moment), project and event or null for all.
WITH hourly AS (
    SELECT
        project,
        type,
        CASE type WHEN 'track' THEN event END AS event,
        epoch_us(timestamp) // 3600000000 AS hour,
        count(*) AS volume
    FROM events
    WHERE event_day >= $first AND timestamp < $until AND ($project IS NULL OR project = $project)
    GROUP BY ALL
),

kinds AS (
    SELECT project, type, event, min(hour) AS first_hour
    FROM hourly
    WHERE $event IS NULL OR coalesce(event, type) = $event
    GROUP BY ALL
    ORDER BY sum(volume) DESC
    LIMIT 300
),

every_hour AS (
    SELECT project, type, event, unnest(generate_series(first_hour, epoch_us($until::TIMESTAMPTZ) // 3600000000 - 1)) AS hour
    FROM kinds
),

filled AS (
    SELECT every_hour.*, coalesce(volume, 0) AS volume
    FROM every_hour LEFT JOIN hourly
        ON every_hour.project = hourly.project AND every_hour.type = hourly.type AND every_hour.hour = hourly.hour
        AND every_hour.event IS NOT DISTINCT FROM hourly.event
),

compared AS (
    SELECT
        *,
        median(volume) OVER before AS usual,
        1.4826 * mad(volume) OVER before AS spread,
        count(*) OVER before AS days
    FROM filled
    WINDOW before AS (
        PARTITION BY project, type, event, hour % 24 ORDER BY hour
        RANGE BETWEEN 336 PRECEDING AND 24 PRECEDING
    )
)

SELECT project, type, event, make_timestamptz(hour * 3600000000) AS hour, volume, usual
FROM compared
WHERE
    days >= 7
    AND hour >= epoch_us($since::TIMESTAMP) // 3600000000
    AND volume - usual >= 30
    AND volume >= 3 * usual
    AND volume - usual > 6 * greatest(spread, 3 * sqrt(usual), 0.25 * usual, 1)
ORDER BY volume - usual DESC
LIMIT 100
